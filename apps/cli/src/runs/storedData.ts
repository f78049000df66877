import type { StoredData } from '@flowfield/recipes';
import { readNpy, writeNpy } from '@flowfield/tensor-webgpu';
import { RunFolderError } from '../failures/failures.ts';
import { readRunFile, writeRunFile } from './manifest.ts';
import { type RunConfig, runFiles } from './runFolder.ts';

/** Keeps the data of a run in its folder, so that it can be measured when the file they came from has moved. */
export async function storeData(folder: string, { values, width }: StoredData): Promise<void> {
  await writeRunFile(folder, runFiles.data, writeNpy({ shape: [values.length / width, width], data: values }));
}

/**
 * The data that a run keeps, or `undefined` for a run whose data are generated.
 * @throws RunFolderError when they are missing or damaged
 */
export async function readStoredData(folder: string, { data }: RunConfig): Promise<StoredData | undefined> {
  if (data.width === undefined) return undefined;
  const bytes = await readRunFile(folder, runFiles.data, 'give the data with --data');
  const { data: values, shape } = readNpy(bytes);
  if (shape.length !== 2 || shape[1] !== data.width) {
    throw new RunFolderError(
      `${folder}: expected ${runFiles.data} of width ${data.width}, given shape [${shape.join(', ')}]`,
    );
  }
  const { name, sha256, width, columns, classes } = data;
  return { name, sha256, values: Float64Array.from(values as Float64Array), width, columns, classes };
}
