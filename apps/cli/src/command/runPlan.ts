import type { Recipe, SettingValues } from '@flowfield/recipes';
import { UsageError } from '../failures/failures.ts';
import { freeRunFolder, latestRunFolder, type RunConfig, readConfig } from '../runs/runFolder.ts';
import { givenSettings, readSettings, storedSettings } from '../settings/settings.ts';
import type { DeviceArguments } from './device.ts';

/** The options of `flowfield train`. */
export interface TrainArguments extends DeviceArguments {
  out?: string;
  steps?: number;
  seed?: number;
  data?: string;
  set: string[];
  resume?: boolean;
  json?: boolean;
}

/** What a call of `train` comes to. */
export interface RunPlan {
  readonly folder: string;
  readonly settings: SettingValues;
  readonly seed: number;
  readonly data: string;
  /** The run that goes on, if one does. */
  readonly resumed: RunConfig | null;
}

/** A run from its beginning, with everything that the call leaves open filled in. */
export async function newRun(recipe: Recipe, { out, seed = 0, data, ...options }: TrainArguments): Promise<RunPlan> {
  return {
    settings: readSettings(recipe.settings, recipe.presets, assignments(options)),
    folder: out ?? (await freeRunFolder(recipe.name)),
    seed,
    data: data ?? recipe.data.fallback,
    resumed: null,
  };
}

/**
 * A run that goes on as it began.
 * @throws UsageError when the call asks for something else than the run was; RunFolderError when there is no run
 */
export async function resumedRun(recipe: Recipe, { out, seed, data, ...options }: TrainArguments): Promise<RunPlan> {
  const folder = out ?? (await latestRunFolder(recipe.name));
  const config = await readConfig(folder);
  const expectSame = (what: string, asked: unknown, was: unknown): void => {
    if (asked === undefined || asked === was) return;
    throw new UsageError(
      `--resume goes on as the run began: ${what} was ${was}, given ${asked}; leave it out, or begin another run`,
    );
  };
  expectSame('the recipe', recipe.name, config.recipe);
  expectSame('--seed', seed, config.seed);
  expectSame('--data', data, config.data.source);
  const asked = givenSettings(recipe.settings, recipe.presets, assignments(options));
  const settings = storedSettings(recipe.settings, config.settings);
  for (const [key, value] of Object.entries(asked)) expectSame(`setting ${key}`, value, settings[key]);
  return { folder, settings, seed: config.seed, data: config.data.source, resumed: config };
}

const assignments = ({ set, steps }: { set: string[]; steps?: number }): string[] =>
  steps === undefined ? set : [...set, `steps=${steps}`];
