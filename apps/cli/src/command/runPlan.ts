import type { Recipe, SettingValues, TableOptions } from '@flowfield/recipes';
import { UsageError } from '../failures/failures.ts';
import { type ClaimedFolder, claimRun, latestRunFolder, type RunConfig, readConfig } from '../runs/runFolder.ts';
import { givenSettings, readSettings, storedSettings } from '../settings/settings.ts';
import { autoDevice, type DeviceArguments } from './device.ts';

/** The options of `flowfield train`. */
export interface TrainArguments extends DeviceArguments {
  out?: string;
  steps?: number;
  seed?: number;
  data?: string;
  columns?: string[];
  skipBad?: boolean;
  set: string[];
  resume?: boolean;
  checkpointEvery?: number;
  config?: string;
  quiet?: boolean;
  json?: boolean;
}

/** What a call of `train` comes to. */
export interface RunPlan {
  readonly settings: SettingValues;
  readonly seed: number;
  readonly data: string;
  readonly table: TableOptions;
  readonly device: string;
  /** The run that goes on, if one does. */
  readonly resumed: (ClaimedFolder & { readonly config: RunConfig }) | null;
}

/** A run from its beginning, with everything that the call leaves open filled in. */
export async function newRun(recipe: Recipe, { seed = 0, data, device, ...options }: TrainArguments): Promise<RunPlan> {
  return {
    settings: readSettings(recipe.settings, recipe.presets, assignments(options)),
    seed,
    data: expectedData(recipe, data ?? recipe.data.fallback),
    table: tableOptions(options),
    device,
    resumed: null,
  };
}

/**
 * A run that goes on as it began, in a folder that is locked for it. `--data` may say where its data are now; `--steps`
 * beyond its end makes it longer.
 * @throws UsageError when the call asks for something else than the run was; RunFolderError when there is no run
 */
export async function resumedRun(recipe: Recipe, options: TrainArguments): Promise<RunPlan> {
  const folder = options.out ?? (await latestRunFolder(recipe.name));
  // Before the lock, which would be left in a folder that is no run.
  await readConfig(folder);
  const claimed = await claimRun(folder);
  try {
    const config = await readConfig(folder);
    return { ...sameRun(recipe, options, config), resumed: { ...claimed, config } };
  } catch (error) {
    claimed.release();
    throw error;
  }
}

function sameRun(recipe: Recipe, { seed, data, device, steps, set, ...options }: TrainArguments, config: RunConfig) {
  const expectSame = (what: string, asked: unknown, was: unknown): void => {
    if (asked === undefined || asked === was) return;
    throw new UsageError(
      `--resume goes on as the run began: ${what} was ${was}, given ${asked}; leave it out, or begin another run`,
    );
  };
  expectSame('the recipe', recipe.name, config.recipe);
  expectSame('--seed', seed, config.seed);
  expectSame('--device', device === autoDevice ? undefined : device, config.device);
  const settings = storedSettings(recipe.settings, config.settings);
  const asked = givenSettings(recipe.settings, recipe.presets, assignments({ set, steps }));
  const longer = typeof asked.steps === 'number' && asked.steps > Number(settings.steps);
  for (const [key, value] of Object.entries(asked)) {
    if (key !== 'steps' || !longer) expectSame(`setting ${key}`, value, settings[key]);
  }
  return {
    settings: longer ? { ...settings, steps: asked.steps } : settings,
    seed: config.seed,
    data: data ?? config.data.source,
    table: { ...tableOptions(config.data), ...tableOptions(options) },
    device: config.device,
  };
}

/** Data that a recipe can have: those that it knows, or a person's own where it takes them. */
function expectedData({ name, data: { names, own } }: Recipe, data: string): string {
  if (own !== undefined || Object.hasOwn(names, data)) return data;
  throw new UsageError(
    `${name} takes no data of your own: --data expects ${Object.keys(names).join(', ')}, given '${data}'`,
  );
}

/** How to read the file of data: as the call says, or as a run remembers. */
export const tableOptions = ({ columns, skipBad }: TableOptions): TableOptions => ({
  ...(columns && { columns }),
  ...(skipBad && { skipBad }),
});

const assignments = ({ set, steps }: { set: string[]; steps?: number }): string[] =>
  steps === undefined ? set : [...set, `steps=${steps}`];
