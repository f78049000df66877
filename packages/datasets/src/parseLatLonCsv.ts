import Papa from 'papaparse';
import { listOf, ofType } from './arguments/checks.ts';
import { checkFileText } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import {
  AmbiguousColumnError,
  type CsvError,
  type CsvProblem,
  EmptyCsvError,
  FieldCountError,
  MalformedQuoteError,
  MissingColumnError,
  NotANumberError,
  OutOfRangeError,
  UnclosedQuoteError,
} from './csvError.ts';
import { type LatLonPoints, latLonToUnit } from './spherical.ts';

const LATITUDE_NAMES = ['latitude', 'lat'];
const LONGITUDE_NAMES = ['longitude', 'lon', 'lng'];
/** A number as files write it. */
export const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export interface ParseLatLonCsvOptions<Column extends string = never> {
  /** Name of the file in error messages; `'csv'` when left out. */
  file?: string;
  /** Further numeric columns to read, by header name in any case. */
  columns?: readonly Column[];
}

/** What {@link parseLatLonCsv} returns. */
export interface LatLonTable<Column extends string = never> extends LatLonPoints {
  /** The further columns that were asked for, one value per row. */
  columns: Record<Column, Float64Array>;
}

/** A line of a CSV file, or several where a quoted field spans them. */
export interface CsvRecord {
  fields: string[];
  /** 1-based line on which the record starts. */
  line: number;
  /** Why the line could not be read; it has no fields then. */
  fault?: CsvError;
}

/**
 * Reads latitudes and longitudes in degrees from comma-separated text with a header.
 *
 * The header names `latitude` or `lat` and `longitude`, `lon` or `lng`, in any case and order, among any other columns.
 * A byte-order mark, Windows line ends, quoted fields (RFC 4180) and blank lines are fine.
 * A latitude lies in -90..90; a longitude in -180..360.
 *
 * @returns degrees as written, unit vectors (n, 3), and the further `columns`
 * @throws EmptyCsvError, MissingColumnError, AmbiguousColumnError, FieldCountError, NotANumberError, OutOfRangeError,
 * UnclosedQuoteError, MalformedQuoteError: all are CsvError and hold file, line and column; DataArgumentError for arguments of
 * another kind
 */
export function parseLatLonCsv<Column extends string = never>(
  text: string,
  options: ParseLatLonCsvOptions<Column> = {},
): LatLonTable<Column> {
  checkFileText('parseLatLonCsv', text);
  const checks = { file: ofType('string'), columns: listOf(ofType('string')) };
  const { file = 'csv', columns = [] } = checkedOptions('parseLatLonCsv', options, checks);
  const records = parseRecords(text, file);
  const header = records.shift();
  if (header === undefined) {
    throw new EmptyCsvError({
      file,
      line: 1,
      column: 0,
      expected: 'a header and at least one row',
      given: 'an empty file',
      remedy: 'Check that the file was written or downloaded completely.',
    });
  }
  const latitudeAt = findColumn(header, LATITUDE_NAMES, file);
  const longitudeAt = findColumn(header, LONGITUDE_NAMES, file);
  const columnsAt = columns.map((name) => findColumn(header, [name.toLowerCase()], file));
  if (records.length === 0) {
    throw new EmptyCsvError({
      file,
      line: header.line,
      column: 0,
      expected: 'at least one row below the header',
      given: 'a header alone',
      remedy: 'Check that the file was written or downloaded completely.',
    });
  }

  const latitude = new Float64Array(records.length);
  const longitude = new Float64Array(records.length);
  const extra = Object.fromEntries(columns.map((name) => [name, new Float64Array(records.length)])) as Record<
    Column,
    Float64Array
  >;
  for (const [i, record] of records.entries()) {
    if (record.fields.length !== header.fields.length) {
      throw new FieldCountError({
        file,
        line: record.line,
        column: 0,
        expected: `${header.fields.length} fields as in the header`,
        given: `${record.fields.length}`,
        remedy: 'Quote a field that holds a comma, and use commas between fields.',
      });
    }
    latitude[i] = readNumber(header, record, latitudeAt, file, { name: 'latitude', min: -90, max: 90 });
    longitude[i] = readNumber(header, record, longitudeAt, file, { name: 'longitude', min: -180, max: 360 });
    for (const [j, name] of columns.entries()) extra[name][i] = readNumber(header, record, columnsAt[j]!, file);
  }
  return { latitude, longitude, points: latLonToUnit(latitude, longitude), columns: extra };
}

/**
 * Splits the text into non-blank records that know their lines.
 * @throws UnclosedQuoteError, MalformedQuoteError
 */
export function parseRecords(text: string, file: string, delimiter = ','): CsvRecord[] {
  const { records, fault } = recordsUntilFault(normal(text), file, delimiter);
  if (fault !== undefined) throw fault.error;
  return records;
}

/** A text with more lines whose quotes do not match is no table. */
const MOST_FAULTS = 1000;

/**
 * The same, with a line whose quotes do not match as a record with a `fault`; the lines after it are read as if it were not
 * there.
 * @throws UnclosedQuoteError, MalformedQuoteError at the 1,001st such line
 */
export function parseRecordsPastFaults(text: string, file: string, delimiter: string): CsvRecord[] {
  const all: CsvRecord[] = [];
  let rest = normal(text);
  let faults = 0;
  for (let before = 0; ; ) {
    const { records, fault } = recordsUntilFault(rest, file, delimiter, before);
    all.push(...records);
    if (fault === undefined) return all;
    if (++faults > MOST_FAULTS) throw fault.error;
    all.push({ fields: [], line: before + fault.line, fault: fault.error });
    rest = rest.slice(fault.end);
    before += fault.line;
  }
}

/** With one kind of line end, a record spans one line plus the line ends inside its quoted fields. */
const normal = (text: string): string => text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');

/** A line whose quotes do not match: its number and where the next line begins. */
interface QuoteFault {
  readonly error: CsvError;
  readonly line: number;
  readonly end: number;
}

/** Records up to the first one whose quotes do not match; lines are counted on from `before`. */
function recordsUntilFault(
  text: string,
  file: string,
  delimiter: string,
  before = 0,
): { records: CsvRecord[]; fault?: QuoteFault } {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: '\n' });
  const error = errors.find(({ type }) => type === 'Quotes');
  const whole = error === undefined ? data : data.slice(0, error.row);
  const records: CsvRecord[] = [];
  let line = 1;
  for (const fields of whole) {
    if (fields.length > 1 || fields[0]!.trim() !== '') records.push({ fields, line: before + line });
    line += 1 + fields.reduce((sum, field) => sum + countLineEnds(field), 0);
  }
  if (error === undefined) return { records };
  let end = 0;
  for (let passed = 0; passed < line && end >= 0; passed++) end = text.indexOf('\n', end) + 1 || text.length;
  return { records, fault: { error: quoteError(text, data, error, file, before), line, end } };
}

function quoteError(
  text: string,
  data: string[][],
  { code, row, index }: Papa.ParseError,
  file: string,
  before: number,
): CsvError {
  const line = before + 1 + countLineEnds(text.slice(0, index));
  if (code === 'MissingQuotes') {
    return new UnclosedQuoteError({
      file,
      line,
      // An open quote swallows the rest of the file, so the field is the last of its record.
      column: data[row!]?.length ?? 0,
      expected: 'a closing quote',
      given: 'the end of the file',
      remedy: 'Close the quote that opens in this field, or double it ("") if it belongs to the text.',
    });
  }
  return new MalformedQuoteError({
    file,
    line,
    column: 0,
    expected: 'a comma or a line end after a closing quote',
    given: 'more text',
    remedy: 'Double the quotes ("") that belong to the text of a field.',
  });
}

export function countLineEnds(text: string): number {
  return text.split('\n').length - 1;
}

function findColumn(header: CsvRecord, names: string[], file: string): number {
  const cells = header.fields.map((cell) => cell.trim());
  const found = cells.flatMap((cell, i) => (names.includes(cell.toLowerCase()) ? [i] : []));
  const problem: CsvProblem = {
    file,
    line: header.line,
    column: 0,
    expected: `a header with one column named ${names.join(' or ')} (any case)`,
    given: cells.map((cell) => JSON.stringify(cell)).join(', '),
    remedy: 'Name the column in the first line, and use commas between fields.',
  };
  if (found.length === 0) throw new MissingColumnError(problem);
  if (found.length > 1)
    throw new AmbiguousColumnError({
      ...problem,
      column: found[1]! + 1,
      remedy: 'Rename or remove all but one of them.',
    });
  return found[0]!;
}

function readNumber(
  header: CsvRecord,
  record: CsvRecord,
  at: number,
  file: string,
  range?: { name: string; min: number; max: number },
): number {
  const text = record.fields[at]!.trim();
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  const previous = record.fields.slice(0, at);
  const line = record.line + previous.reduce((sum, field) => sum + countLineEnds(field), 0);
  const place = { file, line, column: at + 1, given: JSON.stringify(text) };
  if (!Number.isFinite(value)) {
    throw new NotANumberError({
      ...place,
      expected: `a number in column ${JSON.stringify(header.fields[at]!.trim())}`,
      remedy: 'Write it in decimal with a point, or remove the row.',
    });
  }
  if (range !== undefined && (value < range.min || value > range.max)) {
    throw new OutOfRangeError({
      ...place,
      expected: `a ${range.name} in ${range.min}..${range.max} degrees`,
      remedy: 'Check the units and whether latitude and longitude are swapped.',
    });
  }
  return value;
}
