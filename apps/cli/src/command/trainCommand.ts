import { join } from 'node:path';
import { type Experiment, type Recipe, recipeNamed, recipes } from '@flowfield/recipes';
import { encodeTree, readMetrics, train } from '@flowfield/train';
import { folderStorage } from '@flowfield/train/node';
import type { Command } from 'commander';
import { UsageError } from '../failures/failures.ts';
import { writePicture } from '../pictures/writePicture.ts';
import { shownTraining } from '../progress/training.ts';
import { shownWork } from '../progress/work.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { createRunFolder, type RunConfig, runFiles, trainedSeconds, writeJson, writeWhole } from '../runs/runFolder.ts';
import { writeSamples } from '../runs/writeSamples.ts';
import { chooseDevice } from './device.ts';
import { describeRecipe } from './listCommand.ts';
import { addOptions } from './options.ts';
import { newRun, type RunPlan, resumedRun, type TrainArguments } from './runPlan.ts';
import { evaluationLines } from './summary.ts';
import { stoppable, type Terminal, writeLine } from './terminal.ts';

/** Samples that a run draws at its end. */
const SAMPLES = 1000;

/** `flowfield train <recipe>`: trains, measures, draws, and leaves a run folder. */
export function addTrainCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('train')
    .description('train a recipe, measure it, and draw it')
    .argument('<recipe>', recipes.map(({ name }) => name).join(', '))
    .addHelpText('after', () => `\n${recipes.flatMap(describeRecipe).join('\n')}`);
  addOptions(command, 'out', 'steps', 'seed', 'device', 'wideVectors', 'data', 'set', 'resume', 'json').action(
    (name: string, options: TrainArguments) => trainRecipe(recipeNamed(name), options, terminal),
  );
}

async function trainRecipe(recipe: Recipe, options: TrainArguments, terminal: Terminal): Promise<void> {
  const plan = await (options.resume ? resumedRun : newRun)(recipe, options);
  const device = await chooseDevice(options);
  const experiment = await recipe.open({ ...plan, files: localFiles });
  const config = configOf(recipe, plan, device, experiment, terminal.version);
  if (plan.resumed === null) await createRunFolder(plan.folder);
  else expectSameData(plan.resumed, config);
  await writeJson(plan.folder, runFiles.config, config);
  for (const line of introduction(experiment, plan, device)) writeLine(terminal.stderr, line);

  const resume = `${terminal.call} train ${recipe.name} --out ${plan.folder} --resume`;
  const { evaluation, pictures, seconds } = await stoppable(
    terminal,
    () => finishedRun(experiment, plan, terminal),
    `Stopped. Go on with: ${resume}`,
  );
  const result = {
    recipe: recipe.name,
    folder: plan.folder,
    seed: plan.seed,
    device,
    figures: evaluation.figures,
    seconds,
  };
  await writeJson(plan.folder, runFiles.metrics, result);
  if (options.json) writeLine(terminal.stdout, JSON.stringify(result));
  else {
    const lines = [
      ...evaluationLines(evaluation),
      '',
      ...whatIsWhere(plan.folder, pictures),
      '',
      ...whatNext(recipe, plan.folder, terminal.call),
    ];
    for (const line of lines) writeLine(terminal.stdout, line);
  }
}

function configOf(
  recipe: Recipe,
  plan: RunPlan,
  device: string,
  { data, split }: Experiment,
  version: string,
): RunConfig {
  return {
    recipe: recipe.name,
    settings: plan.settings,
    seed: plan.seed,
    device,
    data: { source: plan.data, ...data },
    split,
    versions: { flowfield: version, node: process.versions.node },
  };
}

function expectSameData(was: RunConfig, is: RunConfig): void {
  if (was.data.sha256 === is.data.sha256) return;
  throw new UsageError(
    `--resume goes on as the run began, but the data '${is.data.source}' have changed since: sha256 ${was.data.sha256} became ${is.data.sha256}`,
  );
}

function introduction({ data, split, model }: Experiment, { folder, seed }: RunPlan, device: string): string[] {
  const count = (n: number): string => n.toLocaleString('en');
  return [
    `data    ${data.name}${data.rows === undefined ? '' : `: ${count(data.rows)} rows`}${split === undefined ? '' : ` (train ${count(split.train)}, validation ${count(split.validation)}, test ${count(split.test)})`}`,
    `model   ${model}`,
    `run     ${folder} (seed ${seed}, device ${device})`,
  ];
}

function whatIsWhere(folder: string, pictures: readonly string[]): string[] {
  return [
    `${pictures.map((name) => join(folder, `${name}.png`)).join(', ')} show the model and the training`,
    `${join(folder, 'samples.csv')} has ${SAMPLES.toLocaleString('en')} samples; model.safetensors the network; metrics.json the figures`,
  ];
}

function whatNext(recipe: Recipe, folder: string, call: string): string[] {
  const { own } = recipe.data;
  return [
    'Next:',
    `  ${call} sample ${folder} --count 10000`,
    ...(own === undefined ? [] : [`  ${call} train ${recipe.name} --data ${own}`]),
    `  ${call} list   (settings, data sets, presets)`,
  ];
}

/** Trains what is left to train, and writes everything that a finished run has but `metrics.json`. */
async function finishedRun(experiment: Experiment, { folder, seed, resumed }: RunPlan, { stderr, signal }: Terminal) {
  const storage = folderStorage(folder);
  const earlier = resumed === null ? 0 : await trainedSeconds(folder);
  const start = performance.now();
  const { training, keepBest } = experiment;
  const trainer = await train({
    ...training,
    storage,
    seed,
    signal,
    resume: resumed !== null,
    onEvent: shownTraining(stderr, training.steps),
  });
  const params = keepBest && trainer.best !== null ? trainer.best.params : trainer.averaged;
  // Also for a run that was stopped: `sample` and `eval` work on it.
  await writeWhole(join(folder, runFiles.model), await encodeTree(params, { step: String(trainer.step) }));
  signal.throwIfAborted();
  const trained = performance.now();

  const work = shownWork(stderr, signal);
  try {
    const evaluation = await experiment.evaluate(params, work);
    const samples = await experiment.sample(params, { ...work, count: SAMPLES, seed });
    await writeSamples(folder, runFiles.samples, {
      data: samples,
      width: experiment.sampleWidth,
      table: experiment.table(samples),
    });
    const history = await readMetrics(storage, runFiles.metricsLog);
    const pictures = await experiment.pictures({ params, evaluation, samples, history }, work);
    for (const [name, svg] of Object.entries(pictures)) await writePicture(folder, name, svg);
    const seconds = {
      training: roundedSeconds(earlier * 1000 + trained - start),
      rest: roundedSeconds(performance.now() - trained),
    };
    return { evaluation, pictures: Object.keys(pictures), seconds };
  } finally {
    work.end();
  }
}

const roundedSeconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
