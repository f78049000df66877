import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as page from './index.ts';
import {
  DataArgumentError,
  dropDuplicates,
  EarthDataError,
  type EarthName,
  gatherRows,
  latLonToUnit,
  MeshError,
  parseEarth,
  parseGraph6,
  parseGraphText,
  parseIdx,
  parseIndexList,
  parseLatLonCsv,
  parseNBody,
  parseObj,
  parsePointsCsv,
  parsePointsNpy,
  parseTuFiles,
  philox2x32,
  readIdx,
  readIdxImages,
  readLatLon,
  SphericalCoordinateError,
  SplitError,
  sampleSurface,
  splitIndices,
  surfaceMoments,
  triangleAreas,
  unitToLatLon,
  writeGraph6,
  writeSparse6,
} from './index.ts';
import * as node from './node.ts';

const everything: Readonly<Record<string, unknown>> = { ...page, ...node };
const isErrorClass = (value: unknown): value is new (...given: never[]) => Error =>
  typeof value === 'function' && value.prototype instanceof Error;
const errorClasses = Object.values(everything).filter(isErrorClass);
const functions = Object.entries(everything).filter(([, value]) => typeof value === 'function' && !isErrorClass(value));

/** What people hand over by mistake. */
const mistakes = {
  nothing: undefined,
  null: null,
  text: 'abc',
  empty: '',
  number: 3,
  negative: -1,
  fraction: 1.5,
  NaN: Number.NaN,
  infinity: Infinity,
  true: true,
  bigint: 3n,
  symbol: Symbol('s'),
  object: {},
  bare: Object.create(null),
  date: new Date(0),
  array: [],
  numbers: [1, 2],
  strings: ['a', 'b'],
  nested: [[1, 2, 3]],
  hole: new Array<number>(3),
  function: () => 1,
  floats: Float64Array.of(1, 2, 3),
  bigints: BigInt64Array.of(1n, 2n, 3n),
  bytes: Uint8Array.of(1, 2, 3),
  buffer: new ArrayBuffer(4),
  blob: new Blob(['a']),
  promise: Promise.resolve('abc'),
} as const;
type Mistake = keyof typeof mistakes;

const TEXT: readonly Mistake[] = ['text', 'empty'];
const OPTIONS: readonly Mistake[] = ['nothing', 'object', 'bare'];

interface Call {
  /** Arguments that are right. */
  readonly given: () => readonly unknown[];
  /** For each of them the mistakes that are none there: they are answered, or the data are told to be wrong. */
  readonly taken: readonly (readonly Mistake[])[];
  /** Names of the options, which come last. */
  readonly options?: readonly string[];
  /** A file that is not published with the package stands behind the call. */
  readonly lacksData?: boolean;
}

const idx = (axes: readonly number[], bytes: readonly number[]): Uint8Array =>
  Uint8Array.of(0, 0, 8, axes.length, ...axes.flatMap((extent) => [0, 0, 0, extent]), ...bytes);
const npyOf = (values: readonly number[], shape: string): Uint8Array => {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const begin = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
  return Uint8Array.of(
    ...begin,
    ...new TextEncoder().encode(header),
    ...new Uint8Array(Float64Array.from(values).buffer),
  );
};
const places = { latitude: [1, 2], longitude: [3, 4], points: [1, 0, 0, 0, 1, 0] };
const triangle = { positions: [0, 0, 0, 1, 0, 0, 0, 1, 0], faces: [0, 1, 2] };
const path = { nodes: 3, sources: [0, 1], targets: [1, 2] };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const folder = mkdtempSync(join(tmpdir(), 'misuse-'));
const csv = join(folder, 'mine.csv');
writeFileSync(csv, 'x,y\n1,2\n');
writeFileSync(join(folder, 'mine.txt'), '1\n2 0\n0 1 1\n0 1 0\n');

const calls: Readonly<Record<string, Call>> = {
  dropDuplicates: { given: () => [places], taken: [[]] },
  earth: { given: () => ['fire', { folder }], taken: [[], OPTIONS], options: ['folder'], lacksData: true },
  earthquakes: { given: () => [], taken: [] },
  gatherRows: { given: () => [[1, 2, 3, 4], [1], 2], taken: [['array', 'numbers'], ['array'], []] },
  latLonToUnit: { given: () => [places.latitude, places.longitude], taken: [['numbers'], ['numbers']] },
  numberedColumns: { given: () => [['1', '2'], 'mine.npy'], taken: [['array'], TEXT] },
  parseEarth: {
    given: () => ['fire', encode('lat,lon\n1,2\n'), { file: 'mine' }],
    taken: [[], [], OPTIONS],
    options: ['file'],
    lacksData: true,
  },
  parseGraph6: { given: () => ['DQc', { file: 'mine' }], taken: [['empty'], OPTIONS], options: ['file'] },
  parseGraphText: { given: () => ['1\n1 0\n0 0\n', { file: 'mine' }], taken: [[], OPTIONS], options: ['file'] },
  parseIdx: { given: () => [idx([2], [1, 2]), { file: 'mine' }], taken: [[], OPTIONS], options: ['file'] },
  parseIndexList: { given: () => ['0\n1\n', { file: 'mine', count: 2 }], taken: [[], []], options: ['file', 'count'] },
  parseLatLonCsv: {
    given: () => ['lat,lon,mag\n1,2,3\n', { file: 'mine', columns: ['mag'] }],
    taken: [[], OPTIONS],
    options: ['file', 'columns'],
  },
  parseNBody: {
    given: () => [new Uint8Array(400), { file: 'mine', bodies: 5 }],
    taken: [[], OPTIONS],
    options: ['file', 'bodies'],
  },
  parseObj: { given: () => ['v 0 0 0\n', { file: 'mine' }], taken: [[], OPTIONS], options: ['file'] },
  parsePointsCsv: {
    given: () => ['x,y,k\n1,2,a\n', { file: 'm', label: 'k', columns: ['x'], skipBad: true, delimiter: ',' }],
    taken: [[], OPTIONS],
    options: ['file', 'label', 'columns', 'skipBad', 'delimiter'],
  },
  parsePointsNpy: {
    given: () => [npyOf([1, 2, 3, 4], '(2, 2)'), { file: 'mine', label: 1, columns: [0], skipBad: true }],
    taken: [[], OPTIONS],
    options: ['file', 'label', 'columns', 'skipBad'],
  },
  parseSparse6: { given: () => [':DgH_~', { file: 'mine' }], taken: [['empty'], OPTIONS], options: ['file'] },
  parseTuFiles: {
    given: () => [{ A: '1, 2\n', graph_indicator: '1\n1\n' }, { name: 'mine' }],
    taken: [[], OPTIONS],
    options: ['name'],
  },
  philox2x32: { given: () => [[1, 2], 3], taken: [['numbers'], ['number']] },
  readGraphSet: { given: () => [folder, 'mine'], taken: [[], []] },
  readIdx: { given: () => [idx([2], [1, 2]), { file: 'mine' }], taken: [[], OPTIONS], options: ['file'] },
  readIdxImages: {
    given: () => [idx([1, 1, 1], [9]), idx([1], [1]), { file: 'mine' }],
    taken: [[], ['nothing'], OPTIONS],
    options: ['file'],
  },
  readLatLon: {
    given: () => [
      encode('a,b\n1,2\n'),
      { file: 'mine', columns: ['a', 'b'], skipBad: true, optionWords: { columns: '-c' } },
    ],
    taken: [[], OPTIONS],
    options: ['file', 'columns', 'skipBad', 'optionWords'],
  },
  readPoints: {
    given: () => [csv, { label: 'y', columns: ['x'], skipBad: true, delimiter: ',' }],
    taken: [[], OPTIONS],
    options: ['label', 'columns', 'skipBad', 'delimiter'],
  },
  sampleSurface: { given: () => [triangle, 5, { seed: 1 }], taken: [[], ['number'], OPTIONS], options: ['seed'] },
  splitIndices: {
    given: () => [20, { seed: 1, fractions: { train: 0.5, validation: 0.25, test: 0.25 } }],
    taken: [[], OPTIONS],
    options: ['seed', 'fractions'],
  },
  surfaceMoments: { given: () => [triangle], taken: [[]] },
  triangleAreas: { given: () => [triangle], taken: [[]] },
  unitToLatLon: { given: () => [places.points], taken: [['array', 'floats', 'bytes']] },
  writeGraph6: { given: () => [[path]], taken: [['array']] },
  writeSparse6: { given: () => [[path]], taken: [['array']] },
};

/** The error of a call, thrown or rejected with; `null` where it gives something. */
async function errorOf(name: string, given: readonly unknown[]): Promise<unknown> {
  try {
    await (everything[name] as (...given: readonly unknown[]) => unknown)(...given);
    return null;
  } catch (error) {
    return error;
  }
}

function expectNamed(error: unknown, what: string): void {
  expect(error, `${what} is refused`).not.toBe(null);
  const { constructor, message, name } = error as Error;
  expect(errorClasses, `${what}: ${error}`).toContain(constructor);
  expect(name).toBe(constructor.name);
  // What was expected, what was given and what to do.
  expect(message, what).toMatch(/expected .+ given .+[.?"] [A-Z].+[.?]$/s);
  expect(message.length, message).toBeLessThan(450);
}

const replaced = (given: readonly unknown[], at: number, by: unknown): unknown[] =>
  given.map((own, i) => (i === at ? by : own));

test('every export is a function with a row in this table, an error, or the list of names', () => {
  expect(functions.map(([name]) => name).sort()).toEqual(Object.keys(calls).sort());
  const others = Object.keys(everything).filter((name) => !(name in calls) && !isErrorClass(everything[name]));
  expect(others).toEqual(['earthNames']);
});

const rows = Object.entries(calls);

test.each(rows.filter(([, { lacksData }]) => !lacksData))('%s takes what is right', async (name, { given }) => {
  expect(await errorOf(name, given())).toBe(null);
});

describe.each(rows.filter(([, { taken }]) => taken.length > 0))('%s', (name, { given, taken }) => {
  test.each(Object.keys(mistakes) as Mistake[])('names the error of %s in place of each argument', async (mistake) => {
    for (const [at, fine] of taken.entries()) {
      const error = await errorOf(name, replaced(given(), at, mistakes[mistake]));
      if (error !== null || !fine.includes(mistake))
        expectNamed(error, `${name} with ${mistake} as argument ${at + 1}`);
    }
  });

  test('names the error of each missing argument', async () => {
    for (let kept = 0; kept < taken.length; kept++) {
      const error = await errorOf(name, given().slice(0, kept));
      const required = taken.slice(kept).some((fine) => !fine.includes('nothing'));
      if (error !== null || required) expectNamed(error, `${name} with ${kept} arguments`);
    }
  });

  test('asks for promises to be awaited', async () => {
    for (const at of taken.keys()) {
      const error = (await errorOf(name, replaced(given(), at, mistakes.promise))) as Error;
      // The names of the data sets stand in place of it there.
      expect(error.message).toMatch(
        error instanceof page.UnknownDatasetError ? /expected one of/ : /Await it first\.$/,
      );
    }
  });
});

describe.each(rows.filter(([, { options }]) => options !== undefined))('options of %s', (name, { given, options }) => {
  const last = given().length - 1;
  const right = given()[last] as Readonly<Record<string, unknown>>;
  const errorWith = async (others: object): Promise<Error> =>
    (await errorOf(name, replaced(given(), last, others))) as Error;

  test.each(options as string[])('%s: misspelt, it is refused with the nearest name', async (option) => {
    const { [option]: value, ...others } = right;
    const misspelt = option.slice(0, -1);
    const error = await errorWith({ ...others, [misspelt]: value });
    expectNamed(error, `${name} with ${option} misspelt`);
    expect(error.message).toContain(`${name}: expected options { `);
    expect(error.message).toContain(`given one named ${misspelt}. Did you mean ${option}?`);
  });

  test.each(options as string[])('%s: of another kind, it is refused', async (option) => {
    for (const mistake of ['null', 'symbol', 'date', 'function', 'promise', 'bigint', 'nested'] as const) {
      const error = await errorWith({ ...right, [option]: mistakes[mistake] });
      expectNamed(error, `${name} with ${mistake} as ${option}`);
      expect(error.message).toMatch(option);
    }
  });

  test('a name that is like none is refused', async () => {
    const error = await errorWith({ ...right, zzzzzz: 1 });
    expect(error.message).toContain('given one named zzzzzz. Correct the name, or leave it out.');
  });
});

describe('what is told of mistakes', () => {
  const lines = ['x,kind', '1,a', '2,b', ''].join('\n');

  test.each<[string, () => unknown, new (...given: never[]) => Error, string]>([
    [
      'a misspelt option',
      () => parsePointsCsv(lines, { labl: 'kind' } as never),
      DataArgumentError,
      'parsePointsCsv: expected options { file, label, columns, skipBad, delimiter }, given one named labl. Did you mean label?',
    ],
    ['an option cut short', () => parsePointsCsv(lines, { cols: ['x'] } as never), DataArgumentError, 'mean columns?'],
    [
      'options that are none',
      () => parsePointsCsv(lines, 'kind' as never),
      DataArgumentError,
      "given 'kind'. Name each option, as in { file: … }.",
    ],
    [
      'columns by number, written as numbers',
      () => parsePointsCsv(lines, { columns: [1] } as never),
      DataArgumentError,
      'expected the option columns[0] as a string, given 1. Give a string.',
    ],
    [
      'one column outside brackets',
      () => parseLatLonCsv('lat,lon\n1,2\n', { columns: 'mag' } as never),
      DataArgumentError,
      "given 'mag'. Put it in brackets.",
    ],
    [
      'bytes where text is read',
      () => parseGraphText(encode(lines) as never),
      DataArgumentError,
      'parseGraphText: expected the text of the file, given an object (Uint8Array of 15). Decode it with new TextDecoder().decode(bytes).',
    ],
    [
      'text where bytes are read',
      () => parsePointsNpy('a long text '.repeat(9) as never),
      DataArgumentError,
      "given 'a long text a long text a long text a lo...'. Read the file without an encoding;",
    ],
    [
      'numbers that are no bytes',
      () => parseIdx(Float64Array.of(1) as never),
      DataArgumentError,
      'given an object (Float64Array of 1)',
    ],
    [
      'a file that is not read yet',
      () => parseIdx(new Blob(['x']) as never),
      DataArgumentError,
      'given an object (Blob). Read the file first',
    ],
    [
      'memory given away',
      () => parseIdx(detached()),
      DataArgumentError,
      'in memory that no other thread has taken over.',
    ],
    [
      'a list without its count',
      () => parseIndexList('0\n', {} as never),
      DataArgumentError,
      'parseIndexList: expected the option count as a whole number of at least 0, given undefined.',
    ],
    ['no bodies', () => parseNBody(new Uint8Array(400), { bodies: 0 }), RangeError, 'at least 1, given 0.'],
    [
      'a text of a name that is not read',
      () => parseTuFiles({ A: '1, 2\n', graph_indicator: '1\n1\n', node_lables: '' } as never),
      DataArgumentError,
      'given one named node_lables. Did you mean node_labels?',
    ],
    [
      'rows of an array of arrays',
      () => unitToLatLon([[1, 0, 0]] as never),
      SphericalCoordinateError,
      'given an array of 3. Flatten nested lists',
    ],
    [
      'numbers as text',
      () => latLonToUnit(['1', '2'] as never, [3, 4]),
      SphericalCoordinateError,
      "latLonToUnit: expected latitude[0] as a number, given '1'. Flatten nested lists, and convert text with Number.",
    ],
    [
      'single numbers in place of lists',
      () => latLonToUnit(1 as never, 2 as never),
      SphericalCoordinateError,
      'given 1. Give a typed array or an array.',
    ],
    [
      'holes',
      () => latLonToUnit(new Array(3), [1, 2, 3]),
      SphericalCoordinateError,
      'latitude[0] as a number, given undefined',
    ],
    [
      'places of different counts',
      () => dropDuplicates({ ...places, longitude: [3] }),
      DataArgumentError,
      'dropDuplicates: expected 2 longitudes and 6 numbers of points for 2 latitudes, given 1 and 6.',
    ],
    [
      'an index between rows',
      () => gatherRows([1, 2], [0.5], 1),
      DataArgumentError,
      'gatherRows: expected whole indices in 0..1, given 0.5.',
    ],
    ['a mask in place of indices', () => gatherRows([1], [true] as never, 1), DataArgumentError, 'given true'],
    ['rows without width', () => gatherRows([1, 2], [0], 0), DataArgumentError, 'expected width as a whole number'],
    ['rows of unknown width', () => gatherRows([1, 2], [0], Number.NaN), DataArgumentError, 'given NaN'],
    [
      'a list of shares',
      () => splitIndices(9, { fractions: [0.8, 0.1, 0.1] } as never),
      SplitError,
      'splitIndices, fractions: expected options { train, validation, test }, given an array of 3.',
    ],
    [
      'a share of another name',
      () => splitIndices(9, { fractions: { train: 0.8, valid: 0.1, test: 0.1 } } as never),
      SplitError,
      'given one named valid. Did you mean validation?',
    ],
    [
      'shares as text',
      () => splitIndices(9, { fractions: { train: '0.8', validation: 0.1, test: 0.1 } } as never),
      SplitError,
      "expected the option train as a number, given '0.8'.",
    ],
    [
      'the data in place of their count',
      () => splitIndices([1, 2, 3] as never),
      SplitError,
      'given an array of 3. Pass the number of rows of the data set.',
    ],
    [
      'a word of more than 32 bits',
      () => philox2x32([0, 2 ** 32], 0),
      DataArgumentError,
      'expected each word as a whole number of at least 0 and at most 4294967295, given 4294967296.',
    ],
    [
      'a mesh of nested lists',
      () => triangleAreas({ positions: [[0, 0, 0]], faces: [] } as never),
      MeshError,
      'triangleAreas: expected positions[0] as a number, given an array of 3.',
    ],
    ['a part of a mesh', () => surfaceMoments({ faces: [] } as never), MeshError, 'expected a mesh { positions [n, 3]'],
    [
      'fewer points than none',
      () => sampleSurface(triangle, -1),
      MeshError,
      'whole number of points from 0, given -1.',
    ],
    [
      'one graph outside brackets',
      () => writeGraph6(path as never),
      DataArgumentError,
      'writeGraph6: expected graphs as an array, given an object (Object). Put a single graph in brackets.',
    ],
    [
      'an edge with one end',
      () => writeSparse6([path, { ...path, targets: [1] }]),
      DataArgumentError,
      'writeSparse6: expected 2 targets in graph 1, one for each source, given an array of 1.',
    ],
    [
      'nodes that are counted by no number',
      () => writeGraph6([{ ...path, nodes: Number.NaN }]),
      RangeError,
      'given NaN',
    ],
    [
      'more nodes than a line of graph6 holds',
      () => writeGraph6([{ ...path, nodes: 100_000 }]),
      DataArgumentError,
      'given 100000 nodes, which need',
    ],
  ])('%s', (_what, run, type, message) => {
    let error: unknown;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(DataArgumentError);
    expect((error as Error).message).toContain(message);
  });

  test('options in place of labels', async () => {
    await expect(readIdxImages(idx([1, 1, 1], [9]), { file: 'mine' } as never)).rejects.toThrow(
      'readIdxImages: expected labels as a Uint8Array or ArrayBuffer, given an object (Object).',
    );
  });

  test('one name for two columns', async () => {
    await expect(readLatLon(encode('lat,lon\n1,2\n'), { columns: ['lat'] } as never)).rejects.toThrow(
      'readLatLon: expected the option columns as two names, given an array of 1.',
    );
    await expect(readLatLon(encode('lat,lon\n1,2\n'), { optionWords: { colums: '-c' } } as never)).rejects.toThrow(
      'readLatLon, optionWords: expected options { columns, skipBad }, given one named colums. Did you mean columns?',
    );
  });

  test('columns of NumPy files by name', () => {
    const npy = npyOf([1, 2, 3, 4], '(2, 2)');
    for (const options of [{ label: 'kind' }, { columns: ['kind'] }]) {
      expect(() => parsePointsNpy(npy, options as never)).toThrow(page.NpyContentError);
      expect(() => parsePointsNpy(npy, options as never)).toThrow('given kind. Count columns from 0.');
    }
    expect(() => parsePointsNpy(npy, { columns: '01' } as never)).toThrow("columns as an array, given '01'. Put it in");
  });

  test('a needed text of another kind, by the name of its file', () => {
    expect(() => parseTuFiles({ A: 3, graph_indicator: '1\n' } as never)).toThrow(page.GraphFileError);
    expect(() => parseTuFiles({ A: 3, graph_indicator: '1\n' } as never)).toThrow(/^TU_A\.txt: expected the text/);
  });

  test('no name of a data set', async () => {
    await expect(node.earth(null as never)).rejects.toThrow(
      'earth: expected one of volcano, earthquake, flood, fire, given null. Give one of these names.',
    );
  });

  test('an address in place of a path', async () => {
    await expect(node.readPoints(new URL('file:///mine.csv') as never)).rejects.toThrow(
      'readPoints: expected path as a string, given an object (URL).',
    );
  });
});

describe('surroundings that lack something', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('a page without Web Crypto', async () => {
    vi.stubGlobal('crypto', {});
    const error = await parseEarth('fire' as EarthName, encode('x')).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(EarthDataError);
    expect(error.message).toMatch(/given a page without it\. Serve the page by https/);
  });

  test('memory for fewer points than asked for', () => {
    const Small = class extends Float64Array {
      constructor(length: number) {
        if (length > 1e9) throw new RangeError('Array buffer allocation failed');
        super(length);
      }
    };
    vi.stubGlobal('Float64Array', Small);
    expect(() => sampleSurface(triangle, 2e9)).toThrow(MeshError);
    expect(() => sampleSurface(triangle, 2e9)).toThrow(/given 2000000000\. Draw fewer\./);
  });
});

describe('what is taken beside the usual', () => {
  const bytes = idx([3], [7, 8, 9]);
  const padded = Uint8Array.of(1, ...bytes, 2);
  const inside = [padded.buffer, 1, bytes.length] as const;

  test.each<[string, unknown]>([
    ['a Buffer', Buffer.from(bytes)],
    ['an ArrayBuffer', bytes.buffer],
    ['shared memory', Object.assign(new Uint8Array(new SharedArrayBuffer(bytes.length)), bytes).buffer],
    ['a part of other bytes', padded.subarray(1, -1)],
    ['a DataView', new DataView(...inside)],
    ['signed bytes', new Int8Array(...inside)],
    ['clamped bytes', new Uint8ClampedArray(...inside)],
    ['bytes of another context', runInNewContext(`Uint8Array.of(${bytes})`)],
    ['memory of another context', runInNewContext(`Uint8Array.of(${bytes}).buffer`)],
  ])('%s is read as bytes', async (_what, given) => {
    expect(parseIdx(given as Uint8Array).data).toEqual(Uint8Array.of(7, 8, 9));
    expect((await readIdx(given as Uint8Array)).data).toEqual(Uint8Array.of(7, 8, 9));
  });

  test('an ArrayBuffer is read by every reader of bytes', async () => {
    const bufferOf = (text: string): ArrayBuffer => Uint8Array.from(encode(text)).buffer;
    expect(parseGraph6(bufferOf('DQc'))).toEqual(parseGraph6('DQc'));
    expect(page.parseSparse6(bufferOf(':DgH_~'))).toEqual(page.parseSparse6(':DgH_~'));
    expect(parseObj(bufferOf('v 0 0 1\n'))).toEqual(parseObj('v 0 0 1\n'));
    expect(Array.from((await readLatLon(bufferOf('lat,lon\n1,2\n'))).latitude)).toEqual([1]);
    expect(parseNBody(new ArrayBuffer(400)).bodies).toBe(5);
    const npy = npyOf([1, 2], '(2,)');
    expect(parsePointsNpy(npy.buffer as ArrayBuffer).points).toEqual(Float64Array.of(1, 2));
    const images = await readIdxImages(
      idx([1, 1, 1], [255]).buffer as ArrayBuffer,
      idx([1], [4]).buffer as ArrayBuffer,
    );
    expect([images.images, images.labels]).toEqual([Float32Array.of(1), Int32Array.of(4)]);
  });

  test('options of another context, without a prototype, or undefined', () => {
    expect(parsePointsCsv('x,k\n1,a\n', runInNewContext("({ label: 'k' })")).classes).toEqual(['a']);
    expect(parsePointsCsv('x,k\n1,a\n', Object.assign(Object.create(null), { label: 'k' })).classes).toEqual(['a']);
    expect(parsePointsCsv('1,2\n', { label: undefined } as never).dimension).toBe(2);
  });

  test('plain arrays where numbers are read only', () => {
    expect(gatherRows([1, 2, 3, 4], [1, 0], 2)).toEqual(Float64Array.of(3, 4, 1, 2));
    expect(gatherRows(Float32Array.of(1, 2), Uint8Array.of(1), 1)).toEqual(Float64Array.of(2));
    expect(gatherRows({ length: 2, 0: 5, 1: 6 }, [1], 1)).toEqual(Float64Array.of(6));
    const twice = { latitude: [1, 1], longitude: [2, 2], points: [1, 0, 0, 1, 0, 0] };
    expect(dropDuplicates(twice).points).toEqual(Float64Array.of(1, 0, 0));
    expect(triangleAreas(triangle)).toEqual(Float64Array.of(0.5));
    expect(sampleSurface(triangle, 3).points.length).toBe(9);
    expect(writeGraph6([path])).toBe(
      writeGraph6([{ nodes: 3, sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) }]),
    );
    expect(parseGraph6(writeGraph6([path]))[0]).toMatchObject({ nodes: 3, sources: Int32Array.of(0, 1) });
    expect(page.parseSparse6(writeSparse6([path]))[0]).toMatchObject({ nodes: 3, targets: Int32Array.of(1, 2) });
  });
});

/** Bytes whose memory was transferred. */
function detached(): Uint8Array {
  const bytes = Uint8Array.of(1, 2, 3);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
