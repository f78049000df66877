import { nearestWord } from '../arguments/nearestWord.ts';
import { AmbiguousColumnError, type CsvProblem, MissingColumnError } from '../csvError.ts';
import { readDegrees } from './degrees.ts';
import type { ColumnPair } from './placeTable.ts';

/** How the caller writes the options, for the messages. */
export interface OptionWords {
  /** The option that names the columns; `columns: ['lat', 'lon']` when left out. */
  readonly columns?: string;
  /** The option that leaves bad rows out; `skipBad: true` when left out. */
  readonly skipBad?: string;
}

/** A table's header and where it stands. */
export interface Header {
  readonly file: string;
  readonly line: number;
  readonly names: readonly string[];
}

const NAMES = {
  latitude: new Set(['latitude', 'lat', 'latitud', 'latitudine', 'breitengrad', 'breite']),
  longitude: new Set([
    'longitude',
    'lon',
    'lng',
    'long',
    'longitud',
    'longitudine',
    'längengrad',
    'laengengrad',
    'länge',
  ]),
};
/** Words that say in what a coordinate is measured, or which one it is. */
const UNITS = new Set(
  'deg degree degrees decimal dec dd wgs 84 wgs84 epsg 4326 n s e w north south east west x y value'.split(' '),
);
/** Words that make another quantity of a coordinate. */
const OTHERS = new Set(
  'err error uncertainty sigma std sd precision accuracy min max rad radian radians minutes seconds type unit units ref'.split(
    ' ',
  ),
);

/** The parts of a name: `decimalLatitude` and `Latitude (deg)` have two. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/(\p{Ll})(\p{Lu})|(\p{L})(\d)/gu, '$1$3 $2$4')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/**
 * The columns of latitude and longitude by their names: plain ones (`lat`, `Longitude`), such with units (`Latitude (deg)`,
 * `decimalLatitude`), then pairs with something in common (`stop_lat` and `stop_lon`, `reclat` and `reclong`).
 *
 * @returns every pair that could be meant, of the plainest kind that there is
 */
export function coordinatePairs(names: readonly string[]): ColumnPair[] {
  const words = names.map(wordsOf);
  const plain = (kind: keyof typeof NAMES): number[] => {
    const ranks = words.map((parts) => {
      if (parts.length === 1 && NAMES[kind].has(parts[0])) return 0;
      const rest = parts.filter((word) => !NAMES[kind].has(word));
      return rest.length === parts.length - 1 && rest.every((word) => UNITS.has(word)) ? 1 : 2;
    });
    const best = Math.min(...ranks);
    return best === 2 ? [] : ranks.flatMap((rank, i) => (rank === best ? [i] : []));
  };
  const [latitudes, longitudes] = [plain('latitude'), plain('longitude')];
  if (latitudes.length > 0 && longitudes.length > 0) {
    return latitudes.flatMap((latitude) => longitudes.map((longitude): ColumnPair => [latitude, longitude]));
  }
  for (const restOf of [restOfWords, restOfEnding]) {
    const pairs = words.flatMap((parts, latitude) => {
      const rest = restOf(parts, 'latitude');
      if (rest === null) return [];
      return words.flatMap((other, longitude): ColumnPair[] =>
        restOf(other, 'longitude') === rest ? [[latitude, longitude]] : [],
      );
    });
    if (pairs.length > 0) return pairs;
  }
  return [];
}

/** What a name says besides its coordinate; `null` where it names none. */
function restOfWords(words: readonly string[], kind: keyof typeof NAMES): string | null {
  const rest = words.filter((word) => !NAMES[kind].has(word));
  if (rest.length === words.length || rest.some((word) => OTHERS.has(word))) return null;
  return rest.filter((word) => !UNITS.has(word)).join(' ');
}

const ENDINGS = { latitude: /(latitude|lat)$/, longitude: /(longitude|long|lon|lng)$/ };

/** What stands before the coordinate in a name written as one word. */
function restOfEnding(words: readonly string[], kind: keyof typeof NAMES): string | null {
  const name = words.join(' ');
  return ENDINGS[kind].test(name) && !words.some((word) => OTHERS.has(word)) ? name.replace(ENDINGS[kind], '') : null;
}

/**
 * The columns that a header means, or that the caller asked for by name or by number from 1.
 * @throws MissingColumnError, AmbiguousColumnError
 */
export function findColumns(
  header: Header,
  asked: readonly [string, string] | undefined,
  { columns: option = "columns: ['lat', 'lon']" }: OptionWords,
): ColumnPair {
  if (asked !== undefined) {
    const pair: ColumnPair = [askedColumn(header, asked[0], option), askedColumn(header, asked[1], option)];
    if (pair[0] !== pair[1]) return pair;
    throw new AmbiguousColumnError({
      ...place(header, `two columns for ${option}`),
      given: `${quoted(header.names[pair[0]])} twice`,
      remedy: 'Name the column of latitudes, then that of longitudes.',
    });
  }
  const pairs = coordinatePairs(header.names);
  if (pairs.length === 1) return pairs[0];
  const example = `Choose two with ${option}: first the latitude, then the longitude`;
  if (pairs.length === 0) {
    const numbers = header.names.every((name) => Number.isFinite(readDegrees(name)));
    throw new MissingColumnError({
      ...place(header, 'a header with columns for latitude and longitude'),
      remedy: numbers
        ? `Name the columns in the first line, or give their numbers with ${option}.`
        : `${example}, by name or number.`,
    });
  }
  const second = pairs[1][0] === pairs[0][0] ? pairs[1][1] : pairs[1][0];
  throw new AmbiguousColumnError({
    ...place(header, 'a header with one column for latitude and one for longitude'),
    column: second + 1,
    remedy: `${example}.`,
  });
}

function askedColumn(header: Header, asked: string, option: string): number {
  const name = asked.trim();
  for (const same of [
    (given: string) => given === name,
    (given: string) => given.toLowerCase() === name.toLowerCase(),
  ]) {
    const found = header.names.flatMap((given, i) => (same(given) ? [i] : []));
    if (found.length === 1) return found[0];
    if (found.length > 1) {
      throw new AmbiguousColumnError({
        ...place(header, `a header with one column named ${name}`),
        column: found[1] + 1,
        remedy: `Rename one of them, or give its number (from 1) with ${option}.`,
      });
    }
  }
  if (/^\d+$/.test(name) && Number(name) >= 1 && Number(name) <= header.names.length) return Number(name) - 1;
  const near = header.names.length === 0 ? '' : ` Did you mean ${quoted(nearestWord(name, header.names) as string)}?`;
  throw new MissingColumnError({
    ...place(header, `a column named ${name}`),
    remedy: `Correct ${option}.${near.length < 80 ? near : ''}`,
  });
}

const quoted = (name: string): string => JSON.stringify(name);

function place({ file, line, names }: Header, expected: string): Omit<CsvProblem, 'remedy'> {
  return { file, line, column: 0, expected, given: names.length === 0 ? 'none' : names.map(quoted).join(', ') };
}
