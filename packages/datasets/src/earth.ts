import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { ChecksumError, DataFileMissingError, DataFolderMissingError, UnknownDatasetError } from './earthError.ts';
import { parseLatLonCsv } from './parseLatLonCsv.ts';
import type { LatLonPoints } from './spherical.ts';

const SHA256 = {
  volcano: 'efa62c3cb77c18c00a5d6a8f1908f49cc1e0694f668d4fd808d13a60700e6315',
  earthquake: 'a3921ccf0b85baf4fff8bb0d60312fd0e27c0a03be8492900ee04438e94c2a65',
  flood: 'e810b3d03a1977630b935e0b5356922afc1007b25cbbd898396aede18e714ce0',
  fire: 'd6bd754abfe369b9a9da9aa66b3d92dcd144ee6e06aa0bc1248d449a15fea999',
} as const;

/** The four Earth data sets: 827, 6,120, 4,875 and 12,809 events. */
export type EarthName = keyof typeof SHA256;

/** Names that {@link earth} accepts. */
export const earthNames = Object.keys(SHA256) as EarthName[];

export interface EarthOptions {
  /** Folder that holds `earth/`; the environment variable FLOWFIELD_DATA when left out. */
  folder?: string;
}

/**
 * Reads one of the Earth data sets of geometric density modeling from `<folder>/earth/<name>.csv` and checks its SHA-256.
 * Rows come as in the file, exact duplicates included (560 of volcano, 673 of earthquake).
 *
 * Data of Mathieu and Nickel, "Riemannian continuous normalizing flows", NeurIPS 2020, as packed by
 * Chen and Lipman, "Flow matching on general geometries", arXiv 2302.03660, section 5.
 *
 * @throws UnknownDatasetError, DataFolderMissingError, DataFileMissingError, ChecksumError, CsvError
 */
export async function earth(
  name: EarthName,
  { folder = process.env.FLOWFIELD_DATA }: EarthOptions = {},
): Promise<LatLonPoints> {
  if (!Object.hasOwn(SHA256, name))
    throw new UnknownDatasetError(name, closest(String(name).toLowerCase(), earthNames), earthNames);
  if (!folder) throw new DataFolderMissingError('a folder in the environment variable FLOWFIELD_DATA', 'none');
  if (!(await isDirectory(folder))) throw new DataFolderMissingError('an existing folder', folder);

  const file = join(folder, 'earth', `${name}.csv`);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new DataFileMissingError(file, cause);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== SHA256[name]) throw new ChecksumError(file, SHA256[name], sha256);
  const { latitude, longitude, points } = parseLatLonCsv(bytes.toString('utf8'), { file });
  return { latitude, longitude, points };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
