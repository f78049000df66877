import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPart } from '@flowfield/recipes';
import { deviceInfo } from '@flowfield/tensor-webgpu';
import { folderStorage } from '@flowfield/train/node';
import type { Terminal } from '../command/terminal.ts';
import { writePicture } from '../pictures/writePicture.ts';
import { shownTraining } from '../progress/training.ts';
import { shownWork } from '../progress/work.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { writeJson, writeWhole } from '../runs/runFolder.ts';
import { OUTCOME, type Unit, type UnitOutcome, unitFolder } from './unit.ts';

/** Where a unit runs. */
export interface Circumstances {
  readonly commit: string;
  readonly device: string;
}

const ELAPSED = 'elapsed.json';

/** Runs a unit in this process, from the beginning or from where it was stopped, and leaves its outcome in its folder. */
export async function runUnit(
  runs: string,
  unit: Unit,
  circumstances: Circumstances,
  { stderr, signal }: Terminal,
): Promise<UnitOutcome> {
  const folder = unitFolder(runs, unit);
  const before = await readElapsed(folder);
  const start = performance.now();
  const elapsed = (): number => before + (performance.now() - start) / 1000;
  const work = shownWork(stderr, signal);
  const shown = new Map<string, ReturnType<typeof shownTraining>>();
  await mkdir(folder, { recursive: true });
  try {
    const { figures, pictures = {} } = await runPart(unit.part, {
      seed: unit.seed,
      effort: unit.effort,
      files: localFiles,
      work,
      storage: (piece) => folderStorage(join(folder, piece)),
      onEvent: (piece, event, steps) => {
        if (!shown.has(piece)) shown.set(piece, shownTraining(stderr, steps));
        shown.get(piece)!(event);
      },
    });
    const write = (name: string, content: string | Uint8Array) => writeWhole(join(folder, name), content);
    for (const [name, svg] of Object.entries(pictures)) await writePicture(write, name, svg);
    const { threads, vectorBits } = deviceInfo(circumstances.device);
    const outcome: UnitOutcome = {
      figures,
      pictures: Object.keys(pictures),
      ...circumstances,
      threads,
      wide: vectorBits === 256,
      seconds: Math.round(10 * elapsed()) / 10,
    };
    await writeJson(folder, OUTCOME, outcome);
    return outcome;
  } finally {
    work.end();
    await writeJson(folder, ELAPSED, { seconds: elapsed() }).catch(() => {});
  }
}

async function readElapsed(folder: string): Promise<number> {
  try {
    const { seconds } = JSON.parse(await readFile(join(folder, ELAPSED), 'utf8'));
    return Number.isFinite(seconds) ? seconds : 0;
  } catch {
    return 0;
  }
}
