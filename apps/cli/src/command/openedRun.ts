import { join } from 'node:path';
import { type Experiment, type Model, recipeNamed, type TableOptions } from '@flowfield/recipes';
import { SafetensorsError } from '@flowfield/tensor-webgpu';
import { CheckpointError, decodeTree } from '@flowfield/train';
import { RunFolderError } from '../failures/failures.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { readRunFile } from '../runs/manifest.ts';
import { type RunConfig, readConfig, runFiles } from '../runs/runFolder.ts';
import { readStoredData } from '../runs/storedData.ts';
import { storedSettings } from '../settings/settings.ts';
import { chooseDevice, type DeviceArguments } from './device.ts';
import { tableOptions } from './runPlan.ts';

/** The model of a run. */
export interface OpenedModel {
  readonly config: RunConfig;
  readonly model: Model;
  // biome-ignore lint/suspicious/noExplicitAny: the recipe alone knows the tree of its parameters.
  readonly params: any;
}

/** A run with its data. */
export interface OpenedRun extends OpenedModel {
  readonly model: Experiment;
}

/**
 * Reads the model of a run from `config.json` and `model.safetensors`, without its data
 * (but for recipes whose model depends on them).
 * @throws RunFolderError when the folder is no run, or its model is missing, damaged or of other settings
 */
export async function openModel(folder: string, device: DeviceArguments): Promise<OpenedModel> {
  const config = await readConfig(folder);
  await chooseDevice(device);
  const recipe = recipeNamed(config.recipe);
  const stored = recipe.modelReadsData ? await readStoredData(folder, config) : undefined;
  const model = recipe.model(storedSettings(recipe.settings, config.settings), config.seed, stored);
  return { config, model, params: await readParams(folder, model) };
}

/**
 * Reads a run with the data that it keeps, or with those of a file that holds the same.
 * @throws RunFolderError as `openModel`, and for data that are missing or others
 */
export async function openRun(
  folder: string,
  device: DeviceArguments,
  { data, ...table }: TableOptions & { readonly data?: string },
): Promise<OpenedRun> {
  const config = await readConfig(folder);
  await chooseDevice(device);
  const recipe = recipeNamed(config.recipe);
  const model = await recipe.open({
    settings: storedSettings(recipe.settings, config.settings),
    seed: config.seed,
    data: data ?? config.data.source,
    table: { ...tableOptions(config.data), ...tableOptions(table) },
    files: localFiles,
    stored: data === undefined ? await readStoredData(folder, config) : undefined,
  });
  if (model.data.sha256 !== config.data.sha256) {
    throw new RunFolderError(
      `'${data}' holds other data than the run was trained on: sha256 ${config.data.sha256}, given ${model.data.sha256}; leave out --data`,
    );
  }
  return { config, model, params: await readParams(folder, model) };
}

async function readParams(folder: string, { initial }: Model) {
  const bytes = await readRunFile(folder, runFiles.model, 'train it to its end with --resume');
  try {
    return decodeTree(bytes, initial);
  } catch (cause) {
    if (!(cause instanceof SafetensorsError || cause instanceof CheckpointError)) throw cause;
    throw new RunFolderError(
      `${join(folder, runFiles.model)} cannot be used: ${cause.message}; restore it from a copy, or train again`,
      { cause },
    );
  }
}
