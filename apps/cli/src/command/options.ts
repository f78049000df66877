import { type Command, InvalidArgumentError, Option } from 'commander';

const LARGEST_SEED = 2 ** 32 - 1;

function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER ? `expected a whole number of at least ${least}` : `expected a whole number from ${least} to ${most}`,
    );
  };
}

const gather = (word: string, words: string[]): string[] => [...words, word];

/** The options of the command; each subcommand takes some of them. */
const options = {
  out: () => new Option('--out <folder>', 'folder of the run (default: runs/<recipe>-<n>)'),
  outSamples: () => new Option('--out <folder>', 'folder for the samples (default: the folder of the run)'),
  steps: () => new Option('--steps <n>', 'training steps; short for --set steps=<n>').argParser(wholeNumber(1)),
  odeSteps: () => new Option('--steps <n>', 'steps of the ODE solver').argParser(wholeNumber(1)),
  seed: () => new Option('--seed <n>', 'seed of the split and of every draw').argParser(wholeNumber(0, LARGEST_SEED)),
  device: () => new Option('--device <name>', 'where to compute: auto, or a name that `list` shows').default('auto'),
  data: () => new Option('--data <name or file>', 'a data set that `list` shows, or a CSV file'),
  set: () => new Option('--set <key=value>', 'a setting of the recipe; may be repeated').argParser(gather).default([], 'none'),
  resume: () => new Option('--resume', 'go on with the run in the folder (the latest run without --out)'),
  count: () => new Option('--count <n>', 'how many samples').default(1000).argParser(wholeNumber(1)),
  json: () => new Option('--json', 'print one JSON object at the end'),
} satisfies Record<string, () => Option>;

/** Adds options to a subcommand, in the order given. */
export function addOptions(command: Command, ...names: (keyof typeof options)[]): Command {
  for (const name of names) command.addOption(options[name]());
  return command;
}
