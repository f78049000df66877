import { join } from 'node:path';
import { type Experiment, type Recipe, recipeNamed, recipes } from '@flowfield/recipes';
import { deviceInfo } from '@flowfield/tensor-webgpu';
import type { Command } from 'commander';
import { Diverged, RunFolderError, UsageError } from '../failures/failures.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { writeRunFile } from '../runs/manifest.ts';
import { claimNewRun, jsonText, type RunConfig, runFiles } from '../runs/runFolder.ts';
import { readStoredData, storeData } from '../runs/storedData.ts';
import { readConfigFile } from '../settings/configFile.ts';
import { chooseDevice } from './device.ts';
import { describeRecipe } from './listCommand.ts';
import { addOptions, parsedOption } from './options.ts';
import { configOf } from './runConfig.ts';
import { newRun, type RunPlan, resumedRun, type TrainArguments } from './runPlan.ts';
import { evaluationLines } from './summary.ts';
import { quieted, quoted, stoppable, type Terminal, writeLine } from './terminal.ts';
import { finishedRun, SAMPLES } from './trainedRun.ts';

/** `flowfield train <recipe>`: trains, measures, draws, and leaves a run folder. */
export function addTrainCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('train')
    .description('train a recipe, measure it, and draw it')
    .argument('[recipe]', `${recipes.map(({ name }) => name).join(', ')}; may stand in the file of --config`)
    .addHelpText('after', () => `\n${recipes.flatMap(describeRecipe).join('\n')}`);
  addOptions(
    command,
    ...([
      'out',
      'steps',
      'seed',
      'device',
      'threads',
      'wideVectors',
      'noWideVectors',
      'data',
      'columns',
      'skipBad',
      'set',
      'config',
    ] as const),
    ...(['resume', 'checkpointEvery', 'quiet', 'json'] as const),
  ).action(async (name: string | undefined, given: TrainArguments) => {
    const { recipe, options } = await configured(command, name, given);
    await trainRecipe(recipeNamed(recipe), options, quieted(terminal, options.quiet));
  });
}

/** What a call says, and under it what its configuration file says. */
async function configured(command: Command, name: string | undefined, given: TrainArguments) {
  const file = given.config === undefined ? { options: {}, set: [] } : await readConfigFile(given.config);
  const recipe = name ?? file.recipe;
  if (recipe === undefined) {
    throw new UsageError(
      `missing required argument 'recipe': ${recipes.map((one) => one.name).join(', ')} (flowfield train --help shows the options)`,
    );
  }
  const options: TrainArguments & Record<string, unknown> = { ...given, set: [...file.set, ...given.set] };
  for (const [key, value] of Object.entries(file.options)) {
    const asked = command.getOptionValueSource(key);
    if (asked !== undefined && asked !== 'default') continue;
    try {
      options[key] = typeof value === 'string' ? parsedOption(key as Parameters<typeof parsedOption>[0], value) : value;
    } catch (cause) {
      throw new UsageError(`${given.config}: ${(cause as Error).message}`, { cause });
    }
  }
  return { recipe, options };
}

async function trainRecipe(recipe: Recipe, options: TrainArguments, terminal: Terminal): Promise<void> {
  const plan = await (options.resume ? resumedRun : newRun)(recipe, options);
  let release = plan.resumed?.release;
  try {
    const device = await chooseDevice({ ...options, device: plan.device });
    const experiment = await recipe.open({ ...plan, files: localFiles, stored: await storedData(plan, options) });
    const config = configOf(recipe, plan, device, experiment, terminal.version);
    if (plan.resumed !== null) {
      expectSameData(plan.resumed.config, config);
      const { numerics } = plan.resumed.config;
      if (numerics !== undefined && numerics !== config.numerics) {
        writeLine(
          terminal.stderr,
          `the run began with the arithmetic ${numerics}; this machine has ${config.numerics}: it goes on, with other last digits`,
        );
      }
    }
    // The folder is taken when all that can be said against the call has been said.
    const claimed = plan.resumed ?? (await claimNewRun(options.out, recipe.name));
    release = claimed.release;
    await trainIn(
      claimed.folder,
      {
        recipe,
        plan,
        experiment,
        config,
        checkpointEvery: options.checkpointEvery,
        json: options.json === true,
        quiet: options.quiet === true,
      },
      terminal,
    );
  } finally {
    release?.();
  }
}

/** What is trained in a folder. */
interface Started {
  readonly recipe: Recipe;
  readonly plan: RunPlan;
  readonly experiment: Experiment;
  readonly config: RunConfig;
  readonly checkpointEvery: number | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

async function trainIn(
  folder: string,
  { recipe, plan, experiment, config, checkpointEvery, json, quiet }: Started,
  terminal: Terminal,
) {
  const { stdout, stderr, call } = terminal;
  // The configuration comes last: it makes the folder a run.
  if (plan.resumed === null && experiment.data.stored) await storeData(folder, experiment.data.stored);
  await writeRunFile(folder, runFiles.config, jsonText(config));
  for (const line of introduction(experiment, folder, config)) writeLine(stderr, line);
  const advice = `Stopped. Go on with: ${call} train ${recipe.name} --out ${quoted(folder)} --resume`;
  const { evaluation, pictures, seconds, diverged } = await stoppable(
    terminal,
    () =>
      finishedRun(
        experiment,
        { folder, seed: plan.seed, resumes: plan.resumed !== null, checkpointEvery, advice },
        terminal,
      ),
    advice,
  );
  terminal.nothingToLose?.(null);
  const { seed, device } = config;
  const { threads } = deviceInfo(device);
  const result = { recipe: recipe.name, folder, seed, device, threads, figures: evaluation.figures, seconds };
  await writeRunFile(folder, runFiles.metrics, jsonText(result));
  if (json) writeLine(stdout, JSON.stringify(result));
  else {
    const lines = [
      ...evaluationLines(evaluation),
      ...(quiet ? [] : ['', ...whatIsWhere(folder, pictures), '', ...whatNext(recipe, folder, call)]),
    ];
    for (const line of lines) writeLine(stdout, line);
  }
  if (diverged) {
    throw new Diverged(
      'the training diverged: its loss ended far above where it began; lower the learning rate or clip gradients more (--set learningRate, --set clip), and train again',
    );
  }
}

/** The data that a run keeps; those of the file where the call names one. */
async function storedData({ resumed }: RunPlan, { data }: TrainArguments) {
  return resumed === null || data !== undefined ? undefined : readStoredData(resumed.folder, resumed.config);
}

function expectSameData(was: RunConfig, is: RunConfig): void {
  if (was.data.sha256 === is.data.sha256) return;
  throw new RunFolderError(
    `--resume goes on as the run began, but '${is.data.source}' holds other data: sha256 ${was.data.sha256} became ${is.data.sha256}; leave out --data, or begin another run`,
  );
}

function introduction({ data, split, model }: Experiment, folder: string, { seed, device }: RunConfig): string[] {
  const count = (n: number): string => n.toLocaleString('en');
  const { threads } = deviceInfo(device);
  const rows = data.rows === undefined ? '' : `: ${count(data.rows)} rows`;
  const parts =
    split === undefined
      ? ''
      : ` (train ${count(split.train)}, validation ${count(split.validation)}, test ${count(split.test)})`;
  return [
    `data    ${data.name}${rows}${parts}`,
    ...(data.notes ?? []).map((note) => `        ${note}`),
    `model   ${model}`,
    `run     ${folder} (seed ${seed}, device ${device}${threads > 1 ? `, ${threads} threads` : ''})`,
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
    `  ${call} sample ${quoted(folder)} --count 10000`,
    ...(own === undefined ? [] : [`  ${call} train ${recipe.name} --data ${own}`]),
    `  ${call} list   (settings, data sets, presets)`,
  ];
}
