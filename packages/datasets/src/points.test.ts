import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  AmbiguousColumnError,
  CsvError,
  EmptyCsvError,
  FieldCountError,
  MissingColumnError,
  MissingLabelError,
  NotANumberError,
  NpyContentError,
  NpyFormatError,
  NpyLengthError,
  NpyPointsError,
  parsePointsCsv,
  parsePointsNpy,
} from './index.ts';
import { PointFileError, readPoints } from './node.ts';

describe('points from text', () => {
  test('numbers alone, in any dimension', () => {
    expect(parsePointsCsv('1,2,3\n-4,5e-1,.6\n')).toEqual({
      points: Float64Array.of(1, 2, 3, -4, 0.5, 0.6),
      count: 2,
      dimension: 3,
      names: ['x1', 'x2', 'x3'],
    });
    expect(parsePointsCsv('7').dimension).toBe(1);
  });

  test('a header, a label by name, chosen columns', () => {
    const text = '\uFEFFx, y ,"Kind"\r\n1,2,cat\r\n\r\n3,4,"ant, red"\r\n5,6,cat\r\n';
    const table = parsePointsCsv(text, { label: 'kind' });
    expect(table.points).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
    expect(table.names).toEqual(['x', 'y']);
    expect(table.classes).toEqual(['ant, red', 'cat']);
    expect(table.labels).toEqual(Int32Array.of(1, 0, 1));
    const chosen = parsePointsCsv(text, { label: 'Kind', columns: ['Y'] });
    expect([chosen.dimension, Array.from(chosen.points)]).toEqual([1, [2, 4, 6]]);
    expect(parsePointsCsv('x,c\n1,10\n2,9\n3,10\n', { label: 'c' }).classes).toEqual(['9', '10']);
  });

  test.each([
    ['semicolons', '1;2\n3;4'],
    ['tabs', '1\t2\n3\t4'],
    ['blanks, several and in front', '  1   2\n 3 4  \n'],
    ['blanks after commas', '1, 2\n3, 4'],
  ])('%s are found to delimit', (_what, text) => {
    expect(Array.from(parsePointsCsv(text).points)).toEqual([1, 2, 3, 4]);
  });

  test.each<[string, string, object, new (...given: never[]) => Error, RegExp]>([
    ['an empty file', '', {}, EmptyCsvError, /^mine:1: expected at least one point, given an empty file/],
    ['a header alone', 'x,y\n', {}, EmptyCsvError, /a header alone/],
    [
      'text among numbers',
      'x,y\n1,2\n3,cat\n',
      {},
      NotANumberError,
      /^mine:3:2: expected a number in column "y", given "cat"/,
    ],
    ['NaN', '1,2\n3,nan\n', {}, NotANumberError, /given "nan"/],
    ['an empty field', 'x,y\n1,\n', {}, NotANumberError, /given ""/],
    ['infinity', '1,2\n3,1e999\n', {}, NotANumberError, /given "1e999"/],
    ['a row too short', 'x,y\n1,2\n3\n', {}, FieldCountError, /^mine:3: expected 2 fields/],
    ['a label that is not there', 'x,kind\n1,a\n', { label: 'kin' }, MissingColumnError, /Did you mean "kind"\?/],
    ['a label without a header', '1,2\n', { label: 'kind' }, MissingColumnError, /a header that names kind/],
    ['a column twice', 'x,X,k\n1,2,3\n', { columns: ['x'] }, AmbiguousColumnError, /Rename or remove/],
    ['a column beyond', '1,2\n', { columns: ['3'] }, MissingColumnError, /a column from 1 to 2, given 3/],
    ['bad rows alone', 'x\ncat\n', { skipBad: true }, NotANumberError, /given "cat"/],
    ['a label alone', 'kind\na\n', { label: 'kind' }, MissingColumnError, /a label alone/],
  ])('%s: a named error', (_what, text, options, type, message) => {
    const run = () => parsePointsCsv(text, { file: 'mine', ...options });
    expect(run).toThrow(type as never);
    expect(run).toThrow(CsvError);
    expect(run).toThrow(message);
  });
});

/** A NumPy file, as numpy.save writes it. */
function npy(descr: string, shape: string, body: Uint8Array, fortran = 'False', version = 1): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const start = version === 1 ? 10 : 12;
  const padded = `${header.padEnd(64 - start - 1 + Math.max(0, header.length - (64 - start - 1)))}\n`;
  const size =
    version === 1 ? [padded.length & 255, padded.length >> 8] : [padded.length & 255, padded.length >> 8, 0, 0];
  return Uint8Array.of(
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...size,
    ...new TextEncoder().encode(padded),
    ...body,
  );
}
const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

test('columns by number, in their order, with or without a header', () => {
  for (const text of ['1,2,3\n4,5,6\n', 'x,y,z\n1,2,3\n4,5,6\n']) {
    expect(Array.from(parsePointsCsv(text, { columns: ['3', '1'] }).points)).toEqual([3, 1, 6, 4]);
  }
  // A name counts before a number.
  expect(Array.from(parsePointsCsv('2,x\n7,8\n', { columns: ['2'] }).points)).toEqual([7]);
});

test('bad rows are left out where that is asked for, and told of', () => {
  const text = 'x,y,k\n1,2,a\n3,,b\n4\n5,6,c\n7,nan,d\n8,inf,e\n';
  const { points, count, classes, skipped } = parsePointsCsv(text, { label: 'k', skipBad: true, file: 'mine' });
  expect([Array.from(points), count, classes]).toEqual([[1, 2, 5, 6], 2, ['a', 'c']]);
  expect(skipped!.count).toBe(4);
  expect(skipped!.first.map(({ message }) => message.slice(0, 8))).toEqual(['mine:3:2', 'mine:4: ', 'mine:6:2']);
  const numbers = bytesOf(Float64Array.of(1, 2, 3, Number.NaN, 5, 6));
  const table = parsePointsNpy(npy('<f8', '(3, 2)', numbers), { skipBad: true, columns: [-1] });
  expect([Array.from(table.points), table.names, table.skipped!.count]).toEqual([[2, 6], ['x2'], 1]);
  // What is not read need not be a number.
  expect(parsePointsNpy(npy('<f8', '(3, 2)', numbers), { columns: [0] }).count).toBe(3);
});

describe('points from files of other programs', () => {
  test.each([
    ['a header as NumPy writes it', '# x y\n1 2\n3 4\n', {}, ['x', 'y']],
    ['the same with commas, after a comment', '# made by me\n# "x, y"\n#x,y\n1,2\n3,4\n', {}, ['x', 'y']],
    ['a comment above a header', '# don\'t, "they said\nx,y\n1,2\n3,4\n', {}, ['x', 'y']],
    ['a comment with as many words above a header', '# one, two\nx,y\n1,2\n3,4\n', {}, ['x', 'y']],
    ['a comment alone', '# all of it\n1,2\n3,4\n', {}, ['x1', 'x2']],
    ['a named column in a comment', '# x kind\n1 2\n3 4\n', { label: 'kind' }, ['x']],
  ] as const)('%s', (_what, text, options, names) => {
    const table = parsePointsCsv(text, options);
    expect(table.names).toEqual(names);
    expect(table.count).toBe(2);
  });

  test('a fault below comments has its own line', () => {
    expect(() => parsePointsCsv('# a\n#\nx,y\n1,2\n3,four\n', { file: 'mine.csv' })).toThrow(/^mine\.csv:5:2/);
    expect(() => parsePointsCsv('# a\n# b\n')).toThrow(EmptyCsvError);
  });

  test('a blank field is no class', () => {
    const text = 'x,kind\n1,a\n2,\n3, b\n';
    expect(() => parsePointsCsv(text, { file: 'mine.csv', label: 'kind' })).toThrow(MissingLabelError);
    expect(() => parsePointsCsv(text, { file: 'mine.csv', label: 'kind' })).toThrow(/^mine\.csv:3:2: expected a class/);
    const { classes, count, skipped } = parsePointsCsv(text, { label: 'kind', skipBad: true });
    expect([classes, count, skipped?.count]).toEqual([['a', 'b'], 2, 1]);
  });

  test.each([
    ['UTF-8', Uint8Array.from(Buffer.from('\uFEFFgröße,y\r\n1,2\r\n'))],
    ['UTF-16', Uint8Array.from(Buffer.from('\uFEFFgröße,y\r\n1,2\r\n', 'utf16le'))],
    ['Windows-1252', Uint8Array.from(Buffer.from('größe,y\r\n1,2\r\n', 'latin1'))],
  ])('bytes of %s', (_name, bytes) => {
    const { names, points } = parsePointsCsv(bytes);
    expect([names, Array.from(points)]).toEqual([
      ['größe', 'y'],
      [1, 2],
    ]);
  });
});

describe('points from NumPy files', () => {
  const doubles = bytesOf(Float64Array.of(1, 2, 3, 4, 5, 6));

  test('either order of axes, versions, and points on a line', () => {
    expect(parsePointsNpy(npy('<f8', '(3, 2)', doubles))).toEqual({
      points: Float64Array.of(1, 2, 3, 4, 5, 6),
      count: 3,
      dimension: 2,
      names: ['x1', 'x2'],
    });
    expect(parsePointsNpy(npy('<f8', '(3, 2)', doubles, 'True')).points).toEqual(Float64Array.of(1, 4, 2, 5, 3, 6));
    expect(parsePointsNpy(npy('<f8', '(2, 3)', doubles, 'False', 2)).dimension).toBe(3);
    expect(parsePointsNpy(npy('<f8', '(6,)', doubles))).toMatchObject({ count: 6, dimension: 1 });
  });

  test.each<[string, Uint8Array, number[]]>([
    ['<f4', bytesOf(Float32Array.of(1.5, -2)), [1.5, -2]],
    ['>f4', Uint8Array.of(0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0), [1.5, -2]],
    ['<f2', Uint8Array.of(0, 0x3e, 0, 0xc0), [1.5, -2]],
    ['<i8', bytesOf(BigInt64Array.of(-7n, 9n)), [-7, 9]],
    ['>i2', Uint8Array.of(0xff, 0xff, 1, 0), [-1, 256]],
    ['|u1', Uint8Array.of(0, 255), [0, 255]],
    ['|b1', Uint8Array.of(0, 1), [0, 1]],
    ['<u4', bytesOf(Uint32Array.of(4294967295, 1)), [4294967295, 1]],
  ])('%s', (descr, body, values) => {
    expect(Array.from(parsePointsNpy(npy(descr, '(2, 1)', body)).points)).toEqual(values);
  });

  test('a label column, from either end', () => {
    for (const label of [1, -1]) {
      const table = parsePointsNpy(npy('<f8', '(3, 2)', bytesOf(Float64Array.of(0.1, 10, 0.2, 9, 0.3, 10))), { label });
      expect(Array.from(table.points)).toEqual([0.1, 0.2, 0.3]);
      expect([Array.from(table.labels!), table.classes]).toEqual([
        [1, 0, 1],
        ['9', '10'],
      ]);
    }
  });

  test.each<[string, Uint8Array, object, new (message: string) => Error, RegExp]>([
    ['text', new TextEncoder().encode('x,y\n1,2\n3,4'), {}, NpyFormatError, /begins with \\x93NUMPY/],
    ['objects', npy('|O', '(1,)', Uint8Array.of(1)), {}, NpyFormatError, /astype\('float64'\)/],
    ['complex numbers', npy('<c16', '(1,)', doubles), {}, NpyFormatError, /<c16/],
    ['a cut file', npy('<f8', '(3, 2)', doubles.subarray(0, 40)), {}, NpyLengthError, /for shape \[3, 2\]/],
    ['three axes', npy('<f8', '(3, 2, 1)', doubles), {}, NpyContentError, /given \[3, 2, 1\]/],
    ['no rows', npy('<f8', '(0, 2)', new Uint8Array(0)), {}, NpyContentError, /at least one of each/],
    [
      'NaN',
      npy('<f8', '(1, 2)', bytesOf(Float64Array.of(1, Number.NaN))),
      {},
      NpyContentError,
      /NaN in row 0, column 1/,
    ],
    ['a label beyond', npy('<f8', '(3, 2)', doubles), { label: 2 }, NpyContentError, /from 0 to 1/],
    ['a label alone', npy('<f8', '(6,)', doubles), { label: 0 }, NpyContentError, /beside coordinates/],
  ])('%s: a named error', (_what, bytes, options, type, message) => {
    expect(() => parsePointsNpy(bytes, options)).toThrow(type);
    expect(() => parsePointsNpy(bytes, options)).toThrow(NpyPointsError);
    expect(() => parsePointsNpy(bytes, options)).toThrow(message);
  });

  test('readPoints goes by the ending of the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'points-'));
    const at = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const csv = at('mine.csv', 'x,y,k\n1,2,a\n3,4,b\n');
    expect((await readPoints(csv, { label: 'k' })).classes).toEqual(['a', 'b']);
    const array = at('mine.npy', npy('<f8', '(3, 2)', doubles));
    expect((await readPoints(array, { label: '1' })).dimension).toBe(1);
    await expect(readPoints(at('bad.csv', 'x\ncat\n'))).rejects.toThrow(/^bad\.csv:2:1/);
    await expect(readPoints(at('mine.xlsx', ''))).rejects.toThrow(/ends in \.npy, \.csv.*given '\.xlsx'/);
    await expect(readPoints(join(folder, 'none.csv'))).rejects.toThrow(PointFileError);
    await expect(readPoints(array, { label: 'kind' })).rejects.toThrow(/number of the label column, given "kind"/);
    expect((await readPoints(array, { columns: ['2'] })).points).toEqual(Float64Array.of(2, 4, 6));
    await expect(readPoints(array, { columns: ['x'] })).rejects.toThrow(/numbers from 1, given 'x'/);
    await expect(readPoints(array, { delimiter: ',' })).rejects.toThrow(/for text files/);
  });
});
