import Papa from 'papaparse';
import { EmptyCsvError } from '../csvError.ts';
import { type CsvRecord, countLineEnds, parseRecords, parseRecordsPastFaults } from '../parseLatLonCsv.ts';
import { coordinatePairs } from './coordinateColumns.ts';
import { readDegrees } from './degrees.ts';
import type { ColumnPair, PlaceRow, PlaceTable } from './placeTable.ts';

const DELIMITERS = [',', ';', '\t', '|'];
/** Characters at the begin of a text from which its delimiter is told. */
const LOOKED_AT = 65_536;
/** Units in a line of their own below the header, as ERDDAP writes them. */
const UNIT = /^\(?deg(ree)?s?(_?(n|north|e|east))?\)?$/i;

/**
 * A table in text with commas, semicolons, tabs, bars or blanks between its columns. Lines of `#` before the table are left out,
 * unless one of them is its header; so are a line `sep=;` and a line of units below the header.
 * With `pastFaults`, rows whose quotes do not match are rows that are wrong.
 * @throws EmptyCsvError, UnclosedQuoteError, MalformedQuoteError
 */
export function delimitedTable(given: string, file: string, pastFaults = false): PlaceTable {
  const text = withoutPreamble(given.replace(/^\uFEFF/, ''));
  const delimiter = delimiterOf(text);
  const even = delimiter === ' ' ? text.replace(/^[ \t]+|[ \t]+$/gm, '').replace(/[ \t]+/g, ' ') : text;
  const [header, ...rows] = (pastFaults ? parseRecordsPastFaults : parseRecords)(even, file, delimiter);
  if (header?.fault !== undefined) throw header.fault;
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
  return tableOf(header, rows);
}

function tableOf(header: CsvRecord, records: readonly CsvRecord[]): PlaceTable {
  const width = header.fields.length;
  return {
    header: header.fields.map((name) => name.trim()),
    headerLine: header.line,
    headless: () => tableOf({ ...header, fields: header.fields.map((_, i) => `${i + 1}`) }, [header, ...records]),
    rows: (columns) => {
      const units = records[0] !== undefined && columns.every((at) => UNIT.test(records[0].fields[at]?.trim() ?? ''));
      return (units ? records.slice(1) : records).map((record) => rowOf(record, width, columns));
    },
  };
}

function rowOf({ fields, line, fault }: CsvRecord, width: number, [latitude, longitude]: ColumnPair): PlaceRow {
  if (fault !== undefined) return { latitude: undefined, longitude: undefined, line, fault };
  // A row may end in empty fields that the header lacks.
  const more =
    fields.length > width && fields.slice(width).every((field) => field.trim() === '') ? width : fields.length;
  const wrong =
    more === width ? undefined : { expected: `${width} fields as in the header`, given: `${fields.length}` };
  const lineOf = (at: number): number =>
    line + fields.slice(0, at).reduce((sum, field) => sum + countLineEnds(field), 0);
  return {
    latitude: fields[latitude],
    longitude: fields[longitude],
    line,
    ...(wrong && { wrong }),
    get lines(): [number, number] {
      return [lineOf(latitude), lineOf(longitude)];
    },
  };
}

/** The text with blank lines in place of what stands before its table, so that line numbers stay. */
function withoutPreamble(text: string): string {
  const plain = text.replace(/^sep=.(?=[\r\n])/i, '');
  const before = /^(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n))+/.exec(plain)?.[0] ?? '';
  if (!before.includes('#')) return plain;
  const after = plain.slice(before.length);
  const names = (line: string): boolean =>
    DELIMITERS.some((delimiter) => coordinatePairs(firstFields(line, delimiter)).length > 0);
  const lines = before.split(/(?<=\r\n|\n|\r(?!\n))/);
  const header = names(after.slice(0, LOOKED_AT)) ? -1 : lines.findLastIndex((line) => names(line.replace('#', '')));
  const kept = lines.map((line, i) => (i === header ? line.replace('#', '') : line.replace(/[^\r\n]/g, '')));
  return kept.join('') + after;
}

const firstFields = (text: string, delimiter: string): string[] =>
  Papa.parse<string[]>(text.replace(/^\s*\n/, '').slice(0, LOOKED_AT), { delimiter, preview: 1 }).data[0] ?? [];

/** The delimiter whose first line names coordinates, is all numbers, or has most fields. */
function delimiterOf(text: string): string {
  const begin = text.slice(0, LOOKED_AT).replace(/^(?:[ \t]*(?:\r\n?|\n))+/, '');
  const scores = DELIMITERS.map((delimiter) => {
    const fields = firstFields(begin, delimiter);
    const numbers = fields.length > 1 && fields.every((field) => Number.isFinite(readDegrees(field)));
    return fields.length + (coordinatePairs(fields).length > 0 ? 1e9 : numbers ? 1e6 : 0);
  });
  const best = Math.max(...scores);
  if (best > 1) return DELIMITERS[scores.indexOf(best)];
  return /\S[ \t]+\S/.test(begin.split(/[\r\n]/, 1)[0]) ? ' ' : ',';
}
