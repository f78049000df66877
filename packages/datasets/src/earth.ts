import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ofType } from './arguments/checks.ts';
import { checkedOptions } from './arguments/options.ts';
import { DataFileMissingError, DataFolderMissingError } from './earthError.ts';
import { checkEarthName, type EarthName, parseEarth } from './parseEarth.ts';
import type { LatLonPoints } from './spherical.ts';

export interface EarthOptions {
  /** Folder that holds `earth/`; the environment variable FLOWFIELD_DATA when left out. */
  folder?: string;
}

/**
 * Reads one of the Earth data sets from `<folder>/earth/<name>.csv`, as `parseEarth` does from its bytes.
 *
 * @throws UnknownDatasetError, DataFolderMissingError, DataFileMissingError, ChecksumError, CsvError; DataArgumentError for
 * options that it does not have
 */
export async function earth(name: EarthName, options: EarthOptions = {}): Promise<LatLonPoints> {
  checkEarthName(name);
  const { folder = process.env.FLOWFIELD_DATA } = checkedOptions('earth', options, { folder: ofType('string') });
  if (!folder) throw new DataFolderMissingError('a folder in the environment variable FLOWFIELD_DATA', 'none');
  if (!(await isDirectory(folder))) throw new DataFolderMissingError('an existing folder', folder);
  const file = join(folder, 'earth', `${name}.csv`);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new DataFileMissingError(file, cause);
  }
  return parseEarth(name, bytes, { file });
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
