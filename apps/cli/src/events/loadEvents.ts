import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { dropDuplicates, earthquakes, type LatLonPoints, parseLatLonCsv } from '@flowfield/datasets';
import { type EarthName, earth, earthNames } from '@flowfield/datasets/node';
import { UsageError } from '../failures/failures.ts';
import { didYouMean } from '../failures/nearest.ts';

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
}

/**
 * The events that `--data` names: `embedded`, a named Earth data set, or a CSV file with latitudes and longitudes.
 * @throws UsageError when it is neither a name nor a readable file; the errors of `earth` and `parseLatLonCsv`
 */
export async function loadEvents(source: string, { duplicates }: { duplicates: 'keep' | 'drop' }): Promise<Events> {
  const table = await readSource(source);
  const { latitude, longitude, points } = duplicates === 'drop' ? dropDuplicates(table) : table;
  const hash = createHash('sha256').update(bytesOf(latitude)).update(bytesOf(longitude));
  return { name: eventNames.includes(source) ? source : basename(source), sha256: hash.digest('hex'), points };
}

async function readSource(source: string): Promise<LatLonPoints> {
  if (source === embeddedName) return earthquakes();
  if ((earthNames as readonly string[]).includes(source)) return earth(source as EarthName);
  return parseLatLonCsv(await readText(source), { file: source });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      const expected = `--data expects a CSV file or one of ${eventNames.join(', ')}`;
      throw new UsageError(`${expected}; there is no '${file}'${didYouMean(file, eventNames)}`, { cause });
    }
    throw new UsageError(`--data: '${file}' cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
