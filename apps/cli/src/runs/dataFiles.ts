import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataFiles, RecipeError } from '@flowfield/recipes';

/** The environment variable with the folder of the benchmark data. */
export const dataFolderVariable = 'FLOWFIELD_DATA';

/** Files of this computer: the benchmark data from the folder that FLOWFIELD_DATA names, others by their paths. */
export const localFiles: DataFiles = {
  async benchmark(path) {
    const folder = process.env[dataFolderVariable];
    if (!folder) {
      throw new RecipeError(
        `expected the folder of the benchmark data in the environment variable ${dataFolderVariable}, which is not set; it must hold ${path}`,
      );
    }
    const file = join(folder, path);
    try {
      return await readFile(file);
    } catch (cause) {
      throw new RecipeError(
        `expected the readable file ${file} (${dataFolderVariable} is '${folder}'), given ${(cause as Error).message}`,
        { cause },
      );
    }
  },
  async named(path) {
    try {
      return await readFile(path);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const reason =
        code === 'ENOENT' ? `there is no '${path}'` : `'${path}' cannot be read: ${(cause as Error).message}`;
      throw new RecipeError(reason, { cause });
    }
  },
};

/** Whether the benchmark data have a file. */
export async function hasBenchmarkFile(path: string): Promise<boolean> {
  const folder = process.env[dataFolderVariable];
  if (!folder) return false;
  return stat(join(folder, path)).then(
    (found) => found.isFile(),
    () => false,
  );
}
