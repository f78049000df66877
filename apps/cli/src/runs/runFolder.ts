import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { didYouMean, type Experiment, type SettingValues } from '@flowfield/recipes';
import { readMetrics } from '@flowfield/train';
import { folderStorage } from '@flowfield/train/node';
import { RunFolderError } from '../failures/failures.ts';
import { LOCK, lockRun } from './lock.ts';
import { makeFolder } from './makeFolder.ts';
import { MANIFEST, readRunFile } from './manifest.ts';

/** What `config.json` says: everything that a run depends on. */
export interface RunConfig {
  recipe: string;
  settings: SettingValues;
  seed: number;
  device: string;
  /** The arithmetic of the device by name; absent in runs of older versions. */
  numerics?: string;
  data: {
    /** What `--data` was. */
    source: string;
    name: string;
    sha256: string;
    rows?: number;
    /** What `--columns` and `--skip-bad` were. */
    columns?: readonly string[];
    skipBad?: boolean;
    /** Numbers in a row of `data.npy`, where the run keeps its data. */
    width?: number;
    /** What the columns and the classes of a last column of labels are called. */
    names?: readonly string[];
    classes?: readonly string[];
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
  data: 'data.npy',
  model: 'model.safetensors',
  metricsLog: 'metrics.jsonl',
  metrics: 'metrics.json',
  samples: 'samples',
} as const;

/** Where runs go when `--out` does not say. */
const RUNS = 'runs';

/** A run folder that this process has for itself. */
export interface ClaimedFolder {
  readonly folder: string;
  /** Gives it back. */
  readonly release: () => void;
}

/**
 * Makes and locks the folder of a new run: `out`, or the next free `runs/<recipe>-<n>`.
 * @throws RunFolderError when `out` holds something already, or another process works in it
 */
export async function claimNewRun(out: string | undefined, recipe: string): Promise<ClaimedFolder> {
  if (out !== undefined) {
    await expectFree(out);
    await makeFolder(out);
    const release = await lockRun(out);
    await clearLeftovers(out);
    return { folder: out, release };
  }
  await makeFolder(RUNS);
  for (let n = Math.max(0, ...(await runNumbers(recipe))) + 1; ; n++) {
    const folder = join(RUNS, `${recipe}-${n}`);
    try {
      // Another process may have taken the number since.
      await mkdir(folder);
      return { folder, release: await lockRun(folder) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Locks the folder of a run that goes on, and takes away what a stop left behind. */
export async function claimRun(folder: string): Promise<ClaimedFolder> {
  const release = await lockRun(folder);
  await clearTemporary(folder);
  return { folder, release };
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

/** What a run leaves that was stopped before it had a configuration. */
const isLeftover = (name: string): boolean => [LOCK, MANIFEST, runFiles.data].includes(name) || name.endsWith('.tmp');

async function expectFree(folder: string): Promise<void> {
  const names = (await entriesOf(folder)).filter((name) => !isLeftover(name));
  if (names.length === 0) return;
  throw new RunFolderError(
    names.includes(runFiles.config)
      ? `'${folder}' holds a run; go on with it by --resume, or choose another --out`
      : `'${folder}' is not empty; choose another --out`,
  );
}

async function clearLeftovers(folder: string): Promise<void> {
  for (const name of await entriesOf(folder)) {
    if (isLeftover(name) && name !== LOCK) await rm(join(folder, name), { force: true });
  }
}

async function clearTemporary(folder: string): Promise<void> {
  for (const name of await entriesOf(folder)) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
  }
}

/**
 * The configuration of a run.
 * @throws RunFolderError when the folder holds no run, or one that cannot be read
 */
export async function readConfig(folder: string): Promise<RunConfig> {
  const file = join(folder, runFiles.config);
  if (!(await entriesOf(folder)).includes(runFiles.config)) {
    const runs = (await entriesOf(RUNS)).map((name) => join(RUNS, name));
    throw new RunFolderError(`'${folder}' is no run: it has no ${runFiles.config}${didYouMean(folder, runs)}`);
  }
  const text = new TextDecoder().decode(await readRunFile(folder, runFiles.config, 'it is no run'));
  try {
    return checkedConfig(JSON.parse(text));
  } catch (cause) {
    throw new RunFolderError(
      `${file} is damaged: ${(cause as Error).message}; restore it from a copy, or train again into another folder`,
      { cause },
    );
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** Throws an error that says what of a configuration is not as it should be. */
function checkedConfig(config: RunConfig): RunConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Error('it is no JSON object');
  const kinds = { recipe: 'string', settings: 'object', seed: 'number', device: 'string', data: 'object' } as const;
  for (const [key, kind] of Object.entries(kinds)) {
    const value = config[key as keyof typeof kinds];
    const given = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    if (value === undefined) throw new Error(`it has no '${key}'`);
    if (given !== `a ${kind}`) throw new Error(`'${key}' is ${given}, expected a ${kind}`);
  }
  for (const key of ['source', 'name', 'sha256'] as const) {
    if (typeof config.data[key] !== 'string') throw new Error(`'data.${key}' is no text`);
  }
  const { columns } = config.data;
  if (columns !== undefined && !(Array.isArray(columns) && columns.length > 0 && columns.every(isText))) {
    throw new Error("'data.columns' is no list of names");
  }
  return config;
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

/** Writes a JSON file, whole or not at all. */
export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await writeWhole(join(folder, name), jsonText(value));
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

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
