import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { didYouMean, type Experiment, type SettingValues } from '@flowfield/recipes';
import { readMetrics } from '@flowfield/train';
import { folderStorage } from '@flowfield/train/node';
import { RunFolderError } from '../failures/failures.ts';

/** What `config.json` says: everything that a run depends on. */
export interface RunConfig {
  recipe: string;
  settings: SettingValues;
  seed: number;
  device: string;
  data: {
    /** What `--data` was. */
    source: string;
    name: string;
    sha256: string;
    rows?: number;
  };
  split?: Experiment['split'];
  versions: Record<string, string>;
}

/** The part of `metrics.json` that a resumed run goes on from. */
interface RunResult {
  seconds: { training: number };
}

/** The files of a run, apart from the training state (see `@flowfield/train`) and the pictures. */
export const runFiles = {
  config: 'config.json',
  model: 'model.safetensors',
  metricsLog: 'metrics.jsonl',
  metrics: 'metrics.json',
  samples: 'samples',
} as const;

/** Where runs go when `--out` does not say. */
const RUNS = 'runs';

/** The first free `runs/<recipe>-<n>`, counting from 1. */
export async function freeRunFolder(recipe: string): Promise<string> {
  return join(RUNS, `${recipe}-${Math.max(0, ...(await runNumbers(recipe))) + 1}`);
}

/**
 * The `runs/<recipe>-<n>` with the highest number.
 * @throws RunFolderError when there is none
 */
export async function latestRunFolder(recipe: string): Promise<string> {
  const numbers = await runNumbers(recipe);
  if (numbers.length === 0) {
    throw new RunFolderError(
      `--resume found no run of ${recipe} in ${RUNS}; name its folder with --out, or start without --resume`,
    );
  }
  return join(RUNS, `${recipe}-${Math.max(...numbers)}`);
}

async function runNumbers(recipe: string): Promise<number[]> {
  const names = await entriesOf(RUNS);
  return names
    .filter((name) => name.startsWith(`${recipe}-`))
    .map((name) => name.slice(recipe.length + 1))
    .filter((n) => /^\d+$/.test(n))
    .map(Number);
}

/**
 * Makes the folder of a new run.
 * @throws RunFolderError when it holds something already
 */
export async function createRunFolder(folder: string): Promise<void> {
  if ((await entriesOf(folder)).length > 0) {
    throw new RunFolderError(`'${folder}' is not empty; go on with its run by --resume, or choose another --out`);
  }
  await mkdir(folder, { recursive: true });
}

/**
 * The configuration of a run.
 * @throws RunFolderError when the folder holds no run, or one that cannot be read
 */
export async function readConfig(folder: string): Promise<RunConfig> {
  const file = join(folder, runFiles.config);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const runs = (await entriesOf(RUNS)).map((name) => join(RUNS, name));
    throw new RunFolderError(
      `'${folder}' is no run: it has no readable ${runFiles.config}${didYouMean(folder, runs)}`,
      { cause },
    );
  }
  try {
    const config = JSON.parse(text) as RunConfig;
    for (const key of ['recipe', 'settings', 'seed', 'device', 'data'] as const) {
      if (config[key] === undefined) throw new Error(`it has no '${key}'`);
    }
    return config;
  } catch (cause) {
    throw new RunFolderError(`${file} is damaged: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The seconds that a run has trained so far: as its `metrics.json` has them when it reached its end, else the time of the
 * steps in its log.
 */
export async function trainedSeconds(folder: string): Promise<number> {
  try {
    const { seconds } = JSON.parse(await readFile(join(folder, runFiles.metrics), 'utf8')) as RunResult;
    if (Number.isFinite(seconds?.training)) return seconds.training;
  } catch {
    // A run that was stopped has no such file yet.
  }
  let [total, done] = [0, 0];
  for (const { step, stepsPerSecond } of await readMetrics(folderStorage(folder), runFiles.metricsLog)) {
    if (typeof stepsPerSecond !== 'number' || !(stepsPerSecond > 0)) continue;
    total += (step - done) / stepsPerSecond;
    done = step;
  }
  return total;
}

/** Writes a JSON file of a run, whole or not at all. */
export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await writeWhole(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a file so that a stop in between leaves the old one. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await folderStorage(dirname(path)).write(basename(path), bytes);
}

/** Names in a folder; none when it is not there. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new RunFolderError(`'${folder}' is a file; a run needs a folder`, { cause });
    throw cause;
  }
}
