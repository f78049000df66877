import { type Check, listOf, ofType } from '../arguments/checks.ts';
import { checkedBytes, type FileBytes } from '../arguments/contents.ts';
import { checkedOptions } from '../arguments/options.ts';
import { refuse } from '../arguments/refuse.ts';
import {
  type CsvError,
  type CsvProblem,
  EmptyCsvError,
  FieldCountError,
  NotANumberError,
  OutOfRangeError,
} from '../csvError.ts';
import { gunzip } from '../gunzip.ts';
import { type LatLonPoints, latLonToUnit } from '../spherical.ts';
import { findColumns, type OptionWords } from './coordinateColumns.ts';
import { decodeText } from './decodeText.ts';
import { readDegrees } from './degrees.ts';
import { delimitedTable } from './delimitedTable.ts';
import { beginsWith, expectNoOtherKind, expectTabular, otherKind } from './fileKind.ts';
import { jsonTable, looksLikeJson } from './jsonTable.ts';
import { parquetTable } from './parquetTable.ts';
import type { ColumnPair, PlaceRow, PlaceTable } from './placeTable.ts';

export interface ReadLatLonOptions {
  /** Name of the file in error messages; `'file'` when left out. */
  readonly file?: string;
  /** The columns of latitude and of longitude by name or by number from 1; told from the header when left out. */
  readonly columns?: readonly [string, string];
  /** Leaves out rows without a place instead of refusing the file. */
  readonly skipBad?: boolean;
  /** How the caller's own user writes the two options above, for the messages. */
  readonly optionWords?: OptionWords;
}

/** What {@link readLatLon} returns. */
export interface LatLonFile extends LatLonPoints {
  /** Rows that were left out, and what was wrong with the first of them. */
  readonly skipped: { readonly count: number; readonly first: readonly CsvError[] };
}

/** Skipped rows that are told one by one. */
const TOLD = 3;
/** Gzip within gzip is a mistake that happens; more is none. */
const MOST_LAYERS = 2;

const AXES = {
  latitude: { min: -90, max: 90, hemispheres: 'NS' },
  longitude: { min: -180, max: 360, hemispheres: 'EW' },
} as const;

/**
 * Reads latitudes and longitudes in degrees from a file as people have them: text with commas, semicolons, tabs, bars or
 * blanks between its columns, with decimal points or commas, in UTF-8, UTF-16 or Windows-1252; GeoJSON points; JSON with a list
 * of objects or one a line; Parquet; each of them packed with gzip, too.
 *
 * Columns are told by many names (`lat`, `Longitude`, `decimalLatitude`, `stop_lat`, `Latitude (deg)`, `reclong`), or are
 * those that `columns` names. A latitude lies in -90..90; a longitude in -180..360. `12.5 N` and `33.9S` are numbers, too.
 *
 * @returns degrees as written, unit vectors (n, 3), and the rows that were left out
 * @throws CsvError of the kind of the fault, with file, line, expected, given and remedy: FileKindError for a file that is
 * no table, EmptyCsvError, MissingColumnError, AmbiguousColumnError, FieldCountError, NotANumberError, OutOfRangeError,
 * UnclosedQuoteError, MalformedQuoteError; DataArgumentError for arguments of another kind
 */
export async function readLatLon(bytes: FileBytes, options: ReadLatLonOptions = {}): Promise<LatLonFile> {
  const {
    file = 'file',
    columns,
    skipBad = false,
    optionWords = {},
  } = checkedOptions('readLatLon', options, {
    file: ofType('string'),
    columns: checkTwoColumns,
    skipBad: ofType('boolean'),
    optionWords: checkWords,
  });
  let table = await openTable(checkedBytes('readLatLon', 'the file', bytes), file, skipBad);
  const pair =
    table.columns ?? findColumns({ file, line: table.headerLine, names: table.header }, columns, optionWords);
  if (columns !== undefined && beginsWithData(table, pair, columns)) table = table.headless?.() ?? table;

  const rows = await table.rows(pair);
  const latitude = new Float64Array(rows.length);
  const longitude = new Float64Array(rows.length);
  const names = pair.map((at) => table.header[at]);
  const first: CsvError[] = [];
  let [kept, skipped] = [0, 0];
  for (const row of rows) {
    const error =
      row.fault ??
      rowError(row, file, optionWords) ??
      cellError(row, 'latitude', names[0], pair[0], file, optionWords) ??
      cellError(row, 'longitude', names[1], pair[1], file, optionWords);
    if (error === null) {
      latitude[kept] = readDegrees(row.latitude, AXES.latitude.hemispheres);
      longitude[kept] = readDegrees(row.longitude, AXES.longitude.hemispheres);
      kept++;
    } else if (skipBad) {
      if (skipped++ < TOLD) first.push(error);
    } else throw error;
  }
  if (kept === 0) throw nothingLeft(file, table, rows.length, first[0]);
  const [lat, lon] = [latitude.slice(0, kept), longitude.slice(0, kept)];
  return { latitude: lat, longitude: lon, points: latLonToUnit(lat, lon), skipped: { count: skipped, first } };
}

const checkTwoColumns: Check = (op, what, given) => {
  listOf(ofType('string'))(op, what, given);
  const { length } = given as readonly string[];
  if (length !== 2) refuse(op, `${what} as two names`, given, 'Name the column of latitudes, then that of longitudes.');
};

const checkWords: Check = (op, _what, given) => {
  checkedOptions(`${op}, optionWords`, given as OptionWords, { columns: ofType('string'), skipBad: ofType('string') });
};

/** Whether numbers stand in place of names, so that the first row is one of data. */
function beginsWithData({ header }: PlaceTable, pair: ColumnPair, asked: readonly [string, string]): boolean {
  return pair.every((at, i) => {
    const name = asked[i].trim();
    const isName = name.toLowerCase() === header[at].toLowerCase();
    return Number.isFinite(readDegrees(header[at])) && (!isName || Number(name) === at + 1);
  });
}

async function openTable(given: Uint8Array, file: string, skipBad: boolean): Promise<PlaceTable> {
  let bytes = given;
  for (let layer = 0; beginsWith(bytes, '\x1f\x8b') && layer < MOST_LAYERS; layer++) {
    bytes = await gunzip(bytes).catch(() => {
      throw otherKind(
        file,
        'a gzip file that is cut short or damaged',
        'Check that the file was written or downloaded completely.',
      );
    });
  }
  if (beginsWith(bytes, 'PAR1')) return parquetTable(bytes, file);
  expectNoOtherKind(bytes, file);
  const text = decodeText(bytes, file);
  expectTabular(text, file);
  return looksLikeJson(text) ? jsonTable(text, file) : delimitedTable(text, file, skipBad);
}

const skipRemedy = ({ skipBad = 'skipBad: true' }: OptionWords): string => `or leave such rows out with ${skipBad}.`;

function rowError({ wrong, line, where }: PlaceRow, file: string, words: OptionWords): CsvError | null {
  if (wrong === undefined) return null;
  const problem = { file, line, column: 0, ...(where !== undefined && { where }), ...wrong };
  return where === undefined
    ? new FieldCountError({ ...problem, remedy: `Quote a field that holds the separator, ${skipRemedy(words)}` })
    : new NotANumberError({ ...problem, remedy: `Take it out, ${skipRemedy(words)}` });
}

function cellError(
  row: PlaceRow,
  axis: keyof typeof AXES,
  name: string,
  at: number,
  file: string,
  words: OptionWords,
): CsvError | null {
  const { min, max, hemispheres } = AXES[axis];
  const cell = row[axis];
  const value = readDegrees(cell, hemispheres);
  if (value >= min && value <= max) return null;
  const { where } = row;
  const line = row.lines?.[axis === 'latitude' ? 0 : 1] ?? row.line;
  const given =
    cell === undefined ? 'nothing' : JSON.stringify(typeof cell === 'string' ? cell.trim() : printable(cell));
  const place: Pick<CsvProblem, 'file' | 'line' | 'column' | 'given' | 'where'> = {
    ...{ file, line, column: at + 1, given },
    ...(where !== undefined && { where }),
  };
  if (!Number.isFinite(value)) {
    return new NotANumberError({
      ...place,
      expected: `decimal degrees in column ${JSON.stringify(name)}`,
      remedy: `Correct it, ${skipRemedy(words)}`,
    });
  }
  return new OutOfRangeError({
    ...place,
    expected: `a ${axis} in ${min}..${max} degrees`,
    remedy: `Check the units and whether latitude and longitude are swapped, ${skipRemedy(words)}`,
  });
}

/** What of a cell can be shown: bigints are no JSON. */
const printable = (cell: unknown): unknown =>
  typeof cell === 'bigint' || typeof cell === 'number' ? String(cell) : cell;

function nothingLeft(file: string, table: PlaceTable, rows: number, first: CsvError | undefined): EmptyCsvError {
  return new EmptyCsvError({
    file,
    line: table.headerLine,
    column: 0,
    expected: 'at least one row with a place',
    given: rows === 0 ? 'no rows' : `${rows} rows without one`,
    remedy:
      first === undefined ? 'Check that the file was written or downloaded completely.' : `The first: ${first.message}`,
  });
}
