import { join } from 'node:path';
import type { Experiment } from '@flowfield/recipes';
import { createTrainer, encodeTree, readMetrics, type Trainer } from '@flowfield/train';
import { folderStorage } from '@flowfield/train/node';
import { RunFolderError } from '../failures/failures.ts';
import { writePicture } from '../pictures/writePicture.ts';
import { shownTraining } from '../progress/training.ts';
import { shownWork } from '../progress/work.ts';
import { MENDED, sealRunFile, unsealRunFile, writeRunFile } from '../runs/manifest.ts';
import { runFiles, trainedSeconds } from '../runs/runFolder.ts';
import { writeSamples } from '../runs/writeSamples.ts';
import { type Terminal, writeLine } from './terminal.ts';

/** Samples that a run draws at its end. */
export const SAMPLES = 1000;

interface RunInFolder {
  readonly folder: string;
  readonly seed: number;
  /** Whether it goes on from its checkpoint. */
  readonly resumes: boolean;
  /** Steps between two checkpoints, beside those by time. */
  readonly checkpointEvery?: number;
  /** How to go on when it is stopped. */
  readonly advice: string;
}

/** Trains what is left to train, and writes everything that a finished run has but `metrics.json`. */
export async function finishedRun(
  experiment: Experiment,
  { folder, seed, resumes, checkpointEvery, advice }: RunInFolder,
  { stderr, warnings, signal, nothingToLose }: Terminal,
) {
  const storage = folderStorage(folder);
  const earlier = resumes ? await trainedSeconds(folder) : 0;
  const start = performance.now();
  const { training, keepBest } = experiment;
  const trainer = createTrainer({
    ...training,
    storage,
    seed,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
  });
  if (resumes) {
    await unsealRunFile(folder, runFiles.metricsLog);
    await resume(trainer, stderr);
    await expectLogged(folder, trainer.step);
  }
  const show = shownTraining(stderr, training.steps, warnings);
  let diverged = false;
  for await (const event of trainer.run({ signal })) {
    show(event);
    if (event.kind === 'done') diverged = event.diverged === true;
  }
  const params = keepBest && trainer.best !== null ? trainer.best.params : trainer.averaged;
  await sealRunFile(folder, runFiles.metricsLog);
  // Also for a run that was stopped: `sample` and `eval` work on it.
  await writeRunFile(folder, runFiles.model, await encodeTree(params, { step: String(trainer.step) }));
  signal.throwIfAborted();
  // What follows can be made again from the model.
  nothingToLose?.(advice);
  const trained = performance.now();

  const work = shownWork(stderr, signal);
  const write = (name: string, content: string | Uint8Array) => writeRunFile(folder, name, content);
  try {
    const evaluation = await experiment.evaluate(params, work);
    const samples = await experiment.sample(params, { ...work, count: SAMPLES, seed });
    const table = experiment.table(samples);
    await writeSamples(write, runFiles.samples, { data: samples, width: experiment.sampleWidth, table });
    const history = await readMetrics(storage, runFiles.metricsLog);
    const pictures = await experiment.pictures({ params, evaluation, samples, history }, work);
    for (const [name, svg] of Object.entries(pictures)) await writePicture(write, name, svg);
    const seconds = {
      training: roundedSeconds(earlier * 1000 + trained - start),
      rest: roundedSeconds(performance.now() - trained),
    };
    return { evaluation, pictures: Object.keys(pictures), seconds, diverged };
  } finally {
    work.end();
  }
}

/** A checkpoint is written after the losses before it: a log that lacks them was damaged. */
async function expectLogged(folder: string, step: number): Promise<void> {
  const history = await readMetrics(folderStorage(folder), runFiles.metricsLog);
  if (step === 0 || history.some((record) => record.step === step)) return;
  throw new RunFolderError(
    `${join(folder, runFiles.metricsLog)} lacks the losses before step ${step} of the checkpoint; ${MENDED}`,
  );
}

async function resume<P, B>(trainer: Trainer<P, B>, stderr: NodeJS.WritableStream): Promise<void> {
  const found = await trainer.resume();
  writeLine(stderr, found ? `resumed at step ${trainer.step}` : 'no checkpoint yet: begins at step 0');
}

const roundedSeconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
