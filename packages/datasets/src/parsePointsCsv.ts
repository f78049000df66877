import { listOf, ofType, oneOf } from './arguments/checks.ts';
import { checkedTextOrBytes, type FileBytes } from './arguments/contents.ts';
import { nearestWord } from './arguments/nearestWord.ts';
import { checkedOptions } from './arguments/options.ts';
import {
  AmbiguousColumnError,
  CsvError,
  EmptyCsvError,
  FieldCountError,
  MissingColumnError,
  MissingLabelError,
  NotANumberError,
} from './csvError.ts';
import { type CsvRecord, countLineEnds, DECIMAL, parseRecords } from './parseLatLonCsv.ts';
import { decodeText } from './places/decodeText.ts';
import { encodeLabels, type PointTable } from './pointTable.ts';

export interface ParsePointsOptions {
  /** Name of the file in error messages; `'csv'` when left out. */
  readonly file?: string;
  /** The column that holds classes, by its name in the header (any case). */
  readonly label?: string;
  /** The columns that hold coordinates, by name or number from 1, in this order; when left out, all but the label. */
  readonly columns?: readonly string[];
  /** Leaves out rows that cannot be read, and says which (`skipped`), instead of throwing. */
  readonly skipBad?: boolean;
  /** `','`, `';'`, `'\t'` or `' '`; when left out, the one of them that splits the first line most often. */
  readonly delimiter?: ',' | ';' | '\t' | ' ';
}

/** A column by its number. */
const NUMBER = /^[1-9]\d*$/;
/** Rows that were left out and are told of. */
const TOLD = 3;
export const DELIMITERS = [',', ';', '\t', ' '] as const;

/**
 * Reads a person's own points from text with one point per line. A first line with a field that is no number is a header;
 * with a `label` or named `columns` there must be one. Quoted fields, blank lines, Windows line ends and a byte-order mark are
 * fine; with blanks as delimiter several count as one. Columns of a file without header are numbers. Lines that begin with `#`
 * before the first point are comments; the last of them is the header where it has a name for each column, as NumPy writes it.
 * Bytes are UTF-8, UTF-16 or Windows-1252.
 *
 * @throws EmptyCsvError, MissingColumnError, AmbiguousColumnError, FieldCountError, NotANumberError (NaN, infinity and
 * empty fields included), MissingLabelError, UnclosedQuoteError, MalformedQuoteError: all are CsvError and hold file, line and column;
 * DataArgumentError for arguments of another kind
 */
export function parsePointsCsv(content: string | FileBytes, options: ParsePointsOptions = {}): PointTable {
  const read = checkedTextOrBytes('parsePointsCsv', content);
  const {
    file = 'csv',
    label,
    columns,
    skipBad = false,
    delimiter: given,
  } = checkedOptions('parsePointsCsv', options, {
    file: ofType('string'),
    label: ofType('string'),
    columns: listOf(ofType('string')),
    skipBad: ofType('boolean'),
    delimiter: oneOf(DELIMITERS),
  });
  const { text, comment } = pastComments(typeof read === 'string' ? read : decodeText(read, file));
  const delimiter = given ?? guessDelimiter(text);
  const plain = delimiter === ' ' ? text.replace(/^[ \t]+|[ \t]+$/gm, '').replace(/[ \t]+/g, ' ') : text;
  const records = parseRecords(plain, file, delimiter);
  const told = comment?.text.split(delimiter === ' ' ? /[\s,;]+/ : delimiter);
  const bare = records[0]?.fields.every((field) => DECIMAL.test(field.trim())) ?? false;
  if (told && bare && told.length === records[0]!.fields.length)
    records.unshift({ ...records[0]!, fields: told, line: comment!.line });
  const first = records[0];
  const named = first?.fields.some((field) => !DECIMAL.test(field.trim())) ?? false;
  if (first === undefined || (named && records.length === 1)) {
    throw new EmptyCsvError({
      file,
      line: first?.line ?? 1,
      column: 0,
      expected: 'at least one point',
      given: first ? 'a header alone' : 'an empty file',
      remedy: 'Check that the file was written or downloaded completely.',
    });
  }
  const wanted = [label, ...(columns ?? [])].filter((name) => name !== undefined);
  if (!named && (label !== undefined || columns?.some((name) => !NUMBER.test(name)))) {
    throw new MissingColumnError({
      file,
      line: first.line,
      column: 0,
      expected: `a header that names ${wanted.join(', ')}`,
      given: 'numbers in the first line',
      remedy: 'Write the names of the columns in the first line.',
    });
  }
  const width = first.fields.length;
  const header = named ? first.fields.map((field) => field.trim()) : undefined;
  const rows = named ? records.slice(1) : records;
  const labelAt = label === undefined ? -1 : columnOf(header!, label, first, file);
  const at = columns
    ? columns.map((name) => columnOf(header ?? first.fields.map(() => ''), name, first, file))
    : Array.from({ length: width }, (_, i) => i).filter((i) => i !== labelAt);
  if (at.length === 0) {
    throw new MissingColumnError({
      file,
      line: first.line,
      column: 0,
      expected: 'at least one column of coordinates',
      given: 'a label alone',
      remedy: 'Add the coordinates of the points.',
    });
  }
  const points = new Float64Array(rows.length * at.length);
  const texts: string[] = [];
  const bad: CsvError[] = [];
  let count = 0;
  for (const row of rows) {
    try {
      checkFields(row, width, file);
      for (const [j, column] of at.entries()) points[count * at.length + j] = coordinate(row, column, header, file);
      const text = labelAt < 0 ? '' : labelOf(row, labelAt, header!, file);
      if (labelAt >= 0) texts.push(text);
      count++;
    } catch (error) {
      if (!skipBad || !(error instanceof CsvError)) throw error;
      bad.push(error);
    }
  }
  if (count === 0) throw bad[0];
  const names = at.map((column, j) => header?.[column] || `x${j + 1}`);
  const table = {
    points: points.slice(0, count * at.length),
    count,
    dimension: at.length,
    names,
    ...(skipBad && { skipped: { count: bad.length, first: bad.slice(0, TOLD) } }),
  };
  return labelAt < 0 ? table : { ...table, ...encodeLabels(texts) };
}

function checkFields(row: CsvRecord, width: number, file: string): void {
  if (row.fields.length === width) return;
  throw new FieldCountError({
    file,
    line: row.line,
    column: 0,
    expected: `${width} fields as in the first line`,
    given: `${row.fields.length}`,
    remedy: 'Give every point the same number of coordinates, and quote a field that holds the delimiter.',
  });
}

/** The class of a row; a blank one is none. */
function labelOf(row: CsvRecord, column: number, header: readonly string[], file: string): string {
  const text = row.fields[column]!.trim();
  if (text !== '') return text;
  throw new MissingLabelError({
    file,
    line: row.line,
    column: column + 1,
    expected: `a class in column ${JSON.stringify(header[column])}`,
    given: 'a blank field',
    remedy: 'Name the class, or remove the row.',
  });
}

/** The text with the comments before its first point blanked out, so that lines keep their numbers, and the last of them. */
function pastComments(all: string): { text: string; comment?: { text: string; line: number } } {
  const lines = all.replace(/^\uFEFF/, '').split(/\r\n?|\n/);
  const begin = lines.findIndex((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const comments = lines.slice(0, begin < 0 ? lines.length : begin);
  const last = comments.findLastIndex((line) => line.trim() !== '');
  if (last < 0) return { text: all };
  const text = [...comments.map(() => ''), ...(begin < 0 ? [] : lines.slice(begin))].join('\n');
  return { text, comment: { text: comments[last]!.trim().replace(/^#+\s*/, ''), line: last + 1 } };
}

/** The delimiter that splits the first line that is not blank most often; a comma where none does. */
function guessDelimiter(text: string): string {
  const line =
    text
      .replace(/^\uFEFF/, '')
      .split(/\r\n?|\n/)
      .find((candidate) => candidate.trim() !== '') ?? '';
  const counts = DELIMITERS.map((delimiter) => line.trim().split(delimiter).length);
  // Blanks may follow other delimiters, so that they count only where no other splits.
  const best = Math.max(...counts.slice(0, -1));
  return best > 1 ? DELIMITERS[counts.indexOf(best)]! : counts[3]! > 1 ? ' ' : ',';
}

function columnOf(header: readonly string[], name: string, record: CsvRecord, file: string): number {
  const found = header.flatMap((cell, i) => (cell.toLowerCase() === name.toLowerCase() ? [i] : []));
  if (found.length === 1) return found[0]!;
  if (found.length === 0 && NUMBER.test(name) && Number(name) <= header.length) return Number(name) - 1;
  const place = {
    file,
    line: record.line,
    column: found.length > 1 ? found[1]! + 1 : 0,
    expected: NUMBER.test(name)
      ? `a column from 1 to ${header.length}`
      : `a header with one column named ${name} (any case)`,
    given: NUMBER.test(name) ? name : header.map((cell) => JSON.stringify(cell)).join(', '),
  };
  if (found.length > 1) throw new AmbiguousColumnError({ ...place, remedy: 'Rename or remove all but one of them.' });
  if (NUMBER.test(name)) throw new MissingColumnError({ ...place, remedy: 'Count columns from 1.' });
  throw new MissingColumnError({ ...place, remedy: `Did you mean ${JSON.stringify(nearestWord(name, header))}?` });
}

function coordinate(row: CsvRecord, column: number, header: readonly string[] | undefined, file: string): number {
  const text = row.fields[column]!.trim();
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new NotANumberError({
    file,
    line: row.line + row.fields.slice(0, column).reduce((sum, field) => sum + countLineEnds(field), 0),
    column: column + 1,
    expected: header ? `a number in column ${JSON.stringify(header[column])}` : 'a number',
    given: JSON.stringify(text),
    remedy: 'Write it in decimal with a point, or remove the row. A column of classes is named by the option label.',
  });
}
