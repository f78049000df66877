import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.FLOWFIELD_DATA;

/** Why a test on real data was skipped; use it as the note of `context.skip`. */
export const noDataReason = 'no local copy of the data set: set FLOWFIELD_DATA to the folder that holds it';

/** Path of a file or folder of the local data folder (`FLOWFIELD_DATA`). Throws when the variable is not set. */
export function dataPath(...name: string[]): string {
  if (!root) throw new Error(`dataPath('${name.join('/')}'): expected FLOWFIELD_DATA to name a folder, it is not set.`);
  return join(root, ...name);
}

/** Whether the local data folder holds `name`. */
export function hasData(...name: string[]): boolean {
  return root !== undefined && root !== '' && existsSync(join(root, ...name));
}
