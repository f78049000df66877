import { join } from 'node:path';
import { readDecimal } from '@flowfield/recipes';
import { type Command, Option } from 'commander';
import { UsageError } from '../failures/failures.ts';
import { autoDevice } from './device.ts';

const LARGEST_SEED = 2 ** 32 - 1;

/** An option with a whole number as its value. */
function wholeOption(flag: string, help: string, least: number, most = Number.MAX_SAFE_INTEGER): Option {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return new Option(`${flag} <n>`, help).argParser((text: string): number => {
    const value = readDecimal(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new UsageError(`${flag} expects a whole number ${range}, given '${text}'`);
  });
}

/** An option with the path of a folder as its value. */
function folderOption(help: string): Option {
  return new Option('--out <folder>', help).argParser((path: string): string => {
    if (path.trim() !== '') return path;
    throw new UsageError('--out expects the path of a folder, given an empty one');
  });
}

/** Seeds between commas. */
function seedList(text: string): number[] {
  const seeds = text.split(',').map(readDecimal);
  const wrong =
    seeds.some((seed) => !(Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED)) ||
    new Set(seeds).size < seeds.length;
  if (!wrong) return seeds;
  throw new UsageError(
    `--seeds expects different whole numbers from 0 to ${LARGEST_SEED} between commas, such as 0,1,2; given '${text}'`,
  );
}

/** Names between commas. */
function columnList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new UsageError(
    `--columns expects names or numbers of columns between commas, such as lat,lon or 2,3; given '${text}'`,
  );
}

const gather = (word: string, words: string[]): string[] => [...words, word];

/** The options of the command; each subcommand takes some of them. */
const options = {
  out: () => folderOption('folder of the run (default: runs/<recipe>-<n>)'),
  outSamples: () => folderOption('folder for the samples (default: the folder of the run)'),
  steps: () => wholeOption('--steps', 'training steps; short for --set steps=<n>', 1),
  odeSteps: () => wholeOption('--steps', 'steps of the ODE solver', 1),
  seed: () => wholeOption('--seed', 'seed of the split and of every draw', 0, LARGEST_SEED),
  device: () =>
    new Option('--device <name>', 'where to compute: auto, or a name that `list` shows').default(autoDevice),
  threads: () =>
    wholeOption('--threads', 'threads that compute; as many as cores when left out, with the same results', 1, 64),
  wideVectors: () =>
    new Option(
      '--wide-vectors',
      'expect Node to join vectors, which it does by itself where a check finds the same bits and a gain',
    ),
  noWideVectors: () => new Option('--no-wide-vectors', 'keep Node from joining vectors, which is experimental there'),
  data: () =>
    new Option('--data <name or file>', 'a data set that `list` shows, or a file (CSV, GeoJSON, Parquet; gzip)'),
  columns: () =>
    new Option(
      '--columns <list>',
      'columns of the file by name or number, such as 2,3: latitude and longitude, or coordinates of points',
    ).argParser(columnList),
  skipBad: () => new Option('--skip-bad', 'leave out rows of the file that cannot be read; they are counted and shown'),
  set: () =>
    new Option('--set <key=value>', 'a setting of the recipe; may be repeated').argParser(gather).default([], 'none'),
  resume: () => new Option('--resume', 'go on with the run in the folder (the latest run without --out)'),
  count: () => wholeOption('--count', 'how many samples; files are named samples-<seed>-<count>', 1).default(1000),
  part: () => new Option('--part <name>', 'one part of the benchmark; all of them when left out'),
  seeds: () =>
    new Option('--seeds <list>', 'seeds, such as 0,1,2; those of the part when left out').argParser(seedList),
  quick: () => new Option('--quick', 'a look of at most a minute, with one seed and without gates'),
  effort: () =>
    new Option('--preset <name>', 'best: longer settings for a better number, reported apart').choices(['best']),
  jobs: () =>
    wholeOption('--jobs', 'parts and seeds side by side, each in a process with one thread or --threads', 1).default(1),
  results: () => new Option('--out <folder>', 'folder of the results').default('results'),
  runs: () => new Option('--runs <folder>', 'folder of the work under way').default(join('runs', 'reproduce')),
  again: () => new Option('--again', 'begin anew instead of going on with work that was done'),
  plan: () => new Option('--plan', 'print the parts, what they cost and what is missing; run nothing'),
  table: () => new Option('--table', 'write RESULTS.md from the results; run nothing'),
  unit: () => new Option('--unit', 'run one piece of a larger reproduction').hideHelp(),
  format: () =>
    new Option('--format <name>', 'safetensors (PyTorch) or onnx (ONNX Runtime)')
      .choices(['safetensors', 'onnx'])
      .default('safetensors'),
  batch: () => wholeOption('--batch', 'rows that an ONNX model takes at a time', 1).default(1),
  file: () => new Option('--file <path>', 'the file to write (default: network.<format> in the folder of the run)'),
  checkpointEvery: () =>
    wholeOption('--checkpoint-every', 'steps between two checkpoints, beside those of every 30 seconds', 1),
  config: () =>
    new Option('--config <file>', 'a TOML or JSON file with recipe, options and settings; the call goes before it'),
  quiet: () => new Option('--quiet', 'no progress and no hints: results, warnings and errors alone'),
  json: () => new Option('--json', 'print one JSON object at the end, alone on standard output (npm needs -s)'),
} satisfies Record<string, () => Option>;

/** The value of an option from a text, as the command line would have it. */
export function parsedOption(name: keyof typeof options, text: string): unknown {
  const { parseArg } = options[name]() as Option;
  return parseArg === undefined ? text : parseArg(text, undefined);
}

/** Adds options to a subcommand, in the order given. */
export function addOptions(command: Command, ...names: (keyof typeof options)[]): Command {
  for (const name of names) command.addOption(options[name]());
  return command;
}
