import {
  dropDuplicates,
  type EarthName,
  earthquakes,
  type LatLonPoints,
  parseEarth,
  readLatLon,
} from '@flowfield/datasets';
import { RecipeError } from '../errors.ts';
import { type DataFiles, sha256 } from '../files.ts';
import type { TableOptions } from '../recipe.ts';
import { didYouMean } from '../settings/nearest.ts';
import { skippedNotes } from './skippedNotes.ts';

/** The name of the events that come with the program: a week of earthquakes. */
export const embeddedName = 'embedded';

const inFolder = 'from the folder FLOWFIELD_DATA';

/** The names that `--data` takes, and what they are. */
export const eventSources: Readonly<Record<typeof embeddedName | EarthName, string>> = {
  [embeddedName]: '1,707 seismic events of one week, which come with the program',
  volcano: `827 volcanic eruptions, ${inFolder}`,
  earthquake: `6,120 earthquakes, ${inFolder}`,
  flood: `4,875 floods, ${inFolder}`,
  fire: `12,809 fires, ${inFolder}`,
};
const eventNames = Object.keys(eventSources);

/** Events on the Earth and where they came from. */
export interface Events {
  /** The name of the data set, or of the file without its folder. */
  name: string;
  /** Of the coordinates: all latitudes, then all longitudes, as little-endian float64 degrees. The same events, the same hash. */
  sha256: string;
  /** Unit vectors, row-major (n, 3). */
  points: Float64Array;
  /** What a person should know of them: rows that were left out. */
  notes: string[];
}

export interface EventOptions extends TableOptions {
  /** Events at one place: all, or the first. */
  readonly duplicates: 'keep' | 'drop';
}

/**
 * The events that `--data` names: `embedded`, a named Earth data set, or a file with latitudes and longitudes.
 * @throws RecipeError when it is neither a name nor a readable file; the errors of `parseEarth` and `readLatLon`
 */
export async function loadEvents(
  source: string,
  { duplicates, ...options }: EventOptions,
  files: DataFiles,
): Promise<Events> {
  const { notes, ...table } = await readSource(source, options, files);
  const { latitude, longitude, points } = duplicates === 'drop' ? dropDuplicates(table) : table;
  const name = eventNames.includes(source) ? source : (source.split(/[\\/]/).at(-1) ?? source);
  return { name, sha256: await sha256(bytesOf(latitude), bytesOf(longitude)), points, notes };
}

async function readSource(
  source: string,
  { columns, skipBad }: TableOptions,
  files: DataFiles,
): Promise<LatLonPoints & { notes: string[] }> {
  if (columns !== undefined && columns.length !== 2) {
    throw new RecipeError(
      `--columns expects the column of latitudes, a comma and that of longitudes, such as lat,lon or 2,3; given '${columns.join(',')}'`,
    );
  }
  if (eventNames.includes(source)) {
    if (columns !== undefined) {
      throw new RecipeError(
        `--columns is for a file, given with the data set '${source}'; leave it out, or name a file`,
      );
    }
    return { ...(await readKnown(source, files)), notes: [] };
  }
  const { skipped, ...points } = await readLatLon(await readNamed(source, files), {
    file: source,
    columns: columns as [string, string] | undefined,
    skipBad,
    optionWords: { columns: '--columns lat,lon', skipBad: '--skip-bad' },
  });
  return { ...points, notes: skippedNotes(skipped, points.latitude.length) };
}

async function readKnown(source: string, files: DataFiles): Promise<LatLonPoints> {
  if (source === embeddedName) return earthquakes();
  const name = source as EarthName;
  const path = `earth/${name}.csv`;
  return parseEarth(name, await files.benchmark(path), { file: path });
}

async function readNamed(source: string, files: DataFiles): Promise<Uint8Array> {
  try {
    return await files.named(source);
  } catch (cause) {
    const expected = `--data expects a file or one of ${eventNames.join(', ')}`;
    throw new RecipeError(`${expected}; ${(cause as Error).message}${didYouMean(source, eventNames)}`, { cause });
  }
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
