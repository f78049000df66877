import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AmbiguousColumnError,
  CsvError,
  EmptyCsvError,
  FieldCountError,
  MalformedQuoteError,
  MissingColumnError,
  NotANumberError,
  OutOfRangeError,
  UnclosedQuoteError,
} from './csvError.ts';
import { parseLatLonCsv } from './parseLatLonCsv.ts';

/** Adding 0 leaves every number but -0, which prints as 0. */
const degrees = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((value) => value + 0);

const row = fc.record({
  latitude: degrees(-90, 90),
  longitude: degrees(-180, 360),
  note: fc.string(),
});

const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;

describe('parseLatLonCsv', () => {
  it('gives back what was written, in any dialect', () => {
    const dialect = fc.record({
      latitudeName: fc.constantFrom('latitude', 'LATITUDE', 'Lat', ' lat '),
      longitudeName: fc.constantFrom('longitude', 'Longitude', 'LON', 'lng', '"lon"'),
      order: fc.shuffledSubarray(['latitude', 'longitude', 'note'] as const, { minLength: 3 }),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      mark: fc.constantFrom('', '\uFEFF'),
      end: fc.constantFrom('', '\n', '\r\n', '\n\n', '\n  \n'),
    });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        dialect,
        (rows, { latitudeName, longitudeName, order, lineEnd, mark, end }) => {
          const names = { latitude: latitudeName, longitude: longitudeName, note: 'note' };
          const lines = [order.map((name) => names[name])];
          for (const { latitude, longitude, note } of rows) {
            const cells = { latitude: `${latitude}`, longitude: quote(`${longitude}`), note: quote(note) };
            lines.push(order.map((name) => cells[name]));
          }
          const table = parseLatLonCsv(mark + lines.map((cells) => cells.join(',')).join(lineEnd) + end);
          expect([...table.latitude]).toEqual(rows.map(({ latitude }) => latitude));
          expect([...table.longitude]).toEqual(rows.map(({ longitude }) => longitude));
          expect(table.points.length).toBe(3 * rows.length);
        },
      ),
    );
  });

  it('reads further numeric columns by name', () => {
    const table = parseLatLonCsv('Mag,lat,lon\n4.5,1,2\n-0.3,3,4\n', { columns: ['mag'] });
    expect([...table.columns.mag]).toEqual([4.5, -0.3]);
  });

  it('points at the place of an error, across quoted line ends', () => {
    const text = 'place,lat,lon\n"two\nlines",1,2\nx,1,north\n';
    try {
      parseLatLonCsv(text, { file: 'events.csv' });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NotANumberError);
      expect(error).toMatchObject({ file: 'events.csv', line: 4, column: 3, given: '"north"' });
      expect((error as CsvError).message).toMatch(/^events\.csv:4:3: expected .*"lon".*, given "north"\. /);
    }
  });

  it.each<[string, string, new (...args: never[]) => CsvError, number, number]>([
    ['nothing', '', EmptyCsvError, 1, 0],
    ['blank lines alone', '\n\n', EmptyCsvError, 1, 0],
    ['a mark alone', '\uFEFF', EmptyCsvError, 1, 0],
    ['no data rows', 'lat,lon\n', EmptyCsvError, 1, 0],
    ['no latitude', 'x,lon\n1,2\n', MissingColumnError, 1, 0],
    ['no longitude', 'lat,x\n1,2\n', MissingColumnError, 1, 0],
    ['no header', '1,2\n3,4\n', MissingColumnError, 1, 0],
    ['another delimiter', 'lat;lon\n1;2\n', MissingColumnError, 1, 0],
    ['two latitudes', 'lat,lon,latitude\n1,2,3\n', AmbiguousColumnError, 1, 3],
    ['a short row', 'lat,lon\n1,2\n3\n', FieldCountError, 3, 0],
    ['a long row', 'lat,lon\n1,2,3\n', FieldCountError, 2, 0],
    ['an empty field', 'lat,lon\n1,\n', NotANumberError, 2, 2],
    ['NaN', 'lat,lon\nNaN,2\n', NotANumberError, 2, 1],
    ['a decimal comma', 'lat,lon\n"1,5",2\n', NotANumberError, 2, 1],
    ['hexadecimal', 'lat,lon\n0x10,2\n', NotANumberError, 2, 1],
    ['infinity by overflow', 'lat,lon\n1,1e999\n', NotANumberError, 2, 2],
    ['a high latitude', 'lat,lon\n1,2\n\n90.5,2\n', OutOfRangeError, 4, 1],
    ['a low longitude', 'lat,lon\r\n1,-180.1\r\n', OutOfRangeError, 2, 2],
    ['a high longitude', 'lat,lon\n1,360.1\n', OutOfRangeError, 2, 2],
    ['an open quote', 'lat,lon\n1,2\n3,"4\n5,6\n', UnclosedQuoteError, 3, 2],
    ['an open quote in the header', 'lat,"lon\n1,2\n', UnclosedQuoteError, 1, 2],
    ['text after a quote', 'lat,lon\n1,2\n"3"x,"4"\n', MalformedQuoteError, 3, 0],
  ])('refuses %s', (_, text, type, line, column) => {
    try {
      parseLatLonCsv(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(type);
      expect(error).toBeInstanceOf(CsvError);
      expect(error).toMatchObject({ line, column, name: type.name });
    }
  });

  it('never returns a number that is not finite, whatever the text', () => {
    const noise = fc.string({
      unit: fc.constantFrom('1', '-', '.', 'e', ',', '\n', '\r', '"', ' ', 'x'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(noise, (text) => {
        try {
          const { points } = parseLatLonCsv(`lat,lon\n${text}`);
          expect(points.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CsvError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
