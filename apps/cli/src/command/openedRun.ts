import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Experiment, recipeNamed } from '@flowfield/recipes';
import { SafetensorsError } from '@flowfield/tensor-webgpu';
import { CheckpointError, decodeTree } from '@flowfield/train';
import { RunFolderError } from '../failures/failures.ts';
import { localFiles } from '../runs/dataFiles.ts';
import { type RunConfig, readConfig, runFiles } from '../runs/runFolder.ts';
import { storedSettings } from '../settings/settings.ts';
import { chooseDevice, type DeviceArguments } from './device.ts';

/** A trained run, read from its folder. */
export interface OpenedRun {
  readonly config: RunConfig;
  readonly experiment: Experiment;
  // biome-ignore lint/suspicious/noExplicitAny: the recipe alone knows the tree of its parameters.
  readonly params: any;
}

/**
 * Reads the model of a run, with the data that it was trained on.
 * @throws RunFolderError when the folder is no run, or its model is missing or of other settings
 */
export async function openRun(folder: string, device: DeviceArguments): Promise<OpenedRun> {
  const config = await readConfig(folder);
  await chooseDevice(device);
  const recipe = recipeNamed(config.recipe);
  const experiment = await recipe.open({
    settings: storedSettings(recipe.settings, config.settings),
    seed: config.seed,
    data: config.data.source,
    files: localFiles,
  });
  if (experiment.data.sha256 !== config.data.sha256) {
    throw new RunFolderError(
      `the data '${config.data.source}' have changed since the run: sha256 ${config.data.sha256} became ${experiment.data.sha256}`,
    );
  }
  const file = join(folder, runFiles.model);
  try {
    const bytes = new Uint8Array(await readFile(file));
    return { config, experiment, params: decodeTree(bytes, experiment.training.params) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new RunFolderError(`'${folder}' has no ${runFiles.model}; train it to its end with --resume`, { cause });
    }
    if (cause instanceof SafetensorsError || cause instanceof CheckpointError) {
      throw new RunFolderError(`${file} cannot be used: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
