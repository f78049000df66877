import { readFileSync } from 'node:fs';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DataArgumentError,
  GraphFileError,
  GraphFormatError,
  GraphIndexError,
  GraphLengthError,
  GraphValueError,
  type PlainGraph,
  parseGraph6,
  parseGraphText,
  parseIndexList,
  parseNBody,
  parseSparse6,
  parseTuFiles,
  writeGraph6,
  writeSparse6,
} from './index.ts';
import { readGraphSet } from './node.ts';

const graph = (nodes: number, edges: readonly (readonly [number, number])[]): PlainGraph => ({
  nodes,
  sources: Int32Array.from(edges, ([i]) => i),
  targets: Int32Array.from(edges, ([, j]) => j),
  directed: false,
});
const pairs = ({ sources, targets }: PlainGraph): string[] => [...sources].map((i, e) => `${i}-${targets[e]}`).sort();

function problem(run: () => unknown): GraphFileError {
  try {
    run();
  } catch (error) {
    if (error instanceof GraphFileError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('graph6', () => {
  test('the example of the format: 5 nodes, edges 0-2, 0-4, 1-3, 3-4', () => {
    const [one] = parseGraph6('DQc\n');
    expect(one).toEqual(
      graph(5, [
        [0, 2],
        [1, 3],
        [0, 4],
        [3, 4],
      ]),
    );
    expect(writeGraph6([one as PlainGraph])).toBe('DQc\n');
  });

  test('headers, CRLF and blank lines; bytes as text', () => {
    const plain = parseGraph6('DQc\nDQc\n');
    expect(parseGraph6('>>graph6<<DQc\r\n\r\nDQc')).toEqual(plain);
    expect(parseGraph6(new TextEncoder().encode('DQc\nDQc'))).toEqual(plain);
    expect(parseGraph6('')).toEqual([]);
    expect(parseGraph6('?\n@\n').map(({ nodes }) => nodes)).toEqual([0, 1]);
  });

  test('a blank or tab inside a line is an error with line, column and byte; CRLF is none', () => {
    for (const [byte, code] of [
      [' ', 32],
      ['\t', 9],
    ] as const) {
      const error = problem(() => parseGraph6(`DQc\r\nD${byte}c\n`, { file: 'mine.g6' }));
      expect(error).toBeInstanceOf(GraphValueError);
      expect(error).toMatchObject({ file: 'mine.g6', line: 2, column: 2 });
      expect(error.message).toContain(`byte ${code}`);
      expect(problem(() => parseSparse6(`:Fa@x^\n:F${byte}@x^\n`))).toMatchObject({ line: 2, column: 3 });
    }
  });

  test('a byte-order mark is passed over; a header of another format, or in the middle, is named', () => {
    const plain = parseGraph6('DQc\n');
    expect(parseGraph6('\uFEFFDQc\n')).toEqual(plain);
    expect(parseGraph6(new TextEncoder().encode('\uFEFF>>graph6<<DQc\n'))).toEqual(plain);
    expect(parseSparse6('\uFEFF:DgH_~\n')).toEqual(parseSparse6(':DgH_~\n'));
    for (const [run, message] of [
      [
        () => parseGraph6('>>sparse6<<:Fa@x^'),
        /graph6:1:1: .+given a line that begins with ">>sparse6<<"\. This is a file of sparse6/,
      ],
      [() => parseSparse6('>>graph6<<DQc'), /a file of graph6/],
      [() => parseGraph6('DQc\n>>digraph6<<&BP_'), /graph6:2:1: .+a file of digraph6, or several joined/],
    ] as const) {
      expect(run).toThrow(GraphFormatError);
      expect(run).toThrow(message);
    }
  });

  test('large graphs are written as long as text can hold them', () => {
    const [one] = parseGraph6(
      writeGraph6([
        graph(3000, [
          [0, 1],
          [2998, 2999],
        ]),
      ]),
    );
    expect([one?.nodes, pairs(one as PlainGraph)]).toEqual([3000, ['0-1', '2998-2999']]);
    const large = graph(258_048, [[0, 1]]);
    expect(() => writeGraph6([large])).toThrow(
      /given 258048 nodes, which need 5549042688 bytes\. Write it with writeSparse6/,
    );
    expect(parseSparse6(writeSparse6([large]))).toEqual([large]);
    expect(() => parseGraph6('~~???~???')).toThrow(/5549042688 bytes of edges for 258048 nodes, given 1/);
  });

  test('cut lines, joined lines, other formats', () => {
    expect(() => parseGraph6('DQ')).toThrow(GraphLengthError);
    expect(() => parseGraph6('DQcQ')).toThrow(/2 bytes of edges for 5 nodes, given 3/);
    expect(() => parseGraph6('~?')).toThrow(/size of 4 bytes/);
    expect(() => parseGraph6(':Fa@x^')).toThrow(/parseSparse6/);
    expect(() => parseGraph6('&DI?AO?')).toThrow(GraphFormatError);
    expect(() => parseSparse6('DQc')).toThrow(/parseGraph6/);
    // One edge of two nodes is the first bit of six.
    expect(() => parseGraph6('A`')).toThrow(/zeros behind the last edge/);
  });

  test.skipIf(!hasData('sr'))(`every line of real files is written back as it was: ${noDataReason}`, () => {
    for (const [name, count, nodes] of [
      ['graph8c', 11_117, 8],
      ['sr251256', 15, 25],
    ] as const) {
      const text = readFileSync(dataPath('sr', `${name}.g6`), 'latin1');
      const graphs = parseGraph6(text);
      expect(graphs).toHaveLength(count);
      expect(graphs.every((one) => one.nodes === nodes)).toBe(true);
      expect(writeGraph6(graphs).trim()).toBe(text.trim());
      const again = parseSparse6(writeSparse6(graphs.slice(0, 300)));
      again.forEach((one, i) => {
        expect(pairs(one)).toEqual(pairs(graphs[i] as PlainGraph));
      });
    }
    const regular = parseGraph6(readFileSync(dataPath('sr', 'sr251256.g6')));
    expect(regular.every(({ sources }) => sources.length === (25 * 12) / 2)).toBe(true);
  });
});

describe('sparse6', () => {
  test('the example of the format: 7 nodes, edges 0-1, 0-2, 1-2, 5-6', () => {
    const [one] = parseSparse6(':Fa@x^\n');
    expect(one).toEqual(
      graph(7, [
        [0, 1],
        [0, 2],
        [1, 2],
        [5, 6],
      ]),
    );
    expect(writeSparse6([one as PlainGraph])).toBe(':Fa@x^\n');
  });

  test('isolated nodes at the end are kept in both formats', () => {
    const lonely = graph(10, [[0, 1]]);
    expect(parseGraph6(writeGraph6([lonely]))).toEqual([lonely]);
    expect(parseSparse6(writeSparse6([lonely]))).toEqual([lonely]);
    for (const n of [2, 4, 8, 16, 32, 64]) {
      const padded = graph(n, n > 2 ? [[n - 3, n - 2]] : [[0, 0]]);
      expect(parseSparse6(writeSparse6([padded]))).toEqual([padded]);
    }
  });

  test('any graph, with loops and repeated edges, comes back', () => {
    const graphs = fc.integer({ min: 0, max: 70 }).chain((nodes) =>
      fc.record({
        nodes: fc.constant(nodes),
        edges: fc.array(fc.tuple(fc.nat(Math.max(0, nodes - 1)), fc.nat(Math.max(0, nodes - 1))), {
          maxLength: nodes === 0 ? 0 : 30,
        }),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ nodes, edges }) => {
        const sorted = edges.map(([i, j]) => (i < j ? ([i, j] as const) : ([j, i] as const)));
        const [back] = parseSparse6(writeSparse6([graph(nodes, edges)])) as [PlainGraph];
        expect(back.nodes).toBe(nodes);
        expect(pairs(back)).toEqual(pairs(graph(nodes, sorted)));
        const simple = [...new Map(sorted.filter(([i, j]) => i !== j).map((edge) => [edge.join(), edge])).values()];
        const [dense] = parseGraph6(writeGraph6([graph(nodes, simple)])) as [PlainGraph];
        expect(dense.nodes).toBe(nodes);
        expect(pairs(dense)).toEqual(pairs(graph(nodes, simple)));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('sizes of 4 and 8 bytes', () => {
    const large = graph(300_000, [[7, 299_998]]);
    expect(parseSparse6(writeSparse6([large, graph(63, [[0, 62]])]))).toEqual([large, graph(63, [[0, 62]])]);
    expect(writeSparse6([large]).slice(1, 3)).toBe('~~');
    expect(parseGraph6(writeGraph6([graph(63, [[0, 62]])]))).toEqual([graph(63, [[0, 62]])]);
  });

  test('edges to nodes that are not there are not written', () => {
    expect(() => writeGraph6([graph(3, [[0, 3]])])).toThrow(/expected ends 0 to 2, given the edge 0-3/);
    expect(() => writeSparse6([graph(3, [[-1, 2]])])).toThrow(RangeError);
    expect(() => writeGraph6([graph(3, [[1, 1]])])).toThrow(/writeSparse6/);
    const odd = { ...graph(3, [[0, 1]]), targets: Int32Array.of(1, 2) };
    for (const write of [writeGraph6, writeSparse6]) {
      expect(() => write([odd])).toThrow(
        /expected 1 targets in graph 0, one for each source, given an object \(Int32Array of 2\)/,
      );
      expect(() => write([graph(Number.NaN, [])])).toThrow(/expected nodes of graph 0 as a whole number of at least 0/);
    }
  });
});

describe('the text format of graph classification', () => {
  const text = '2\n3 1\n0 2 1 2\n4 1 0\n0 1 0\n1 -1\n7 0\n';

  test('graphs, tags, arcs, labels and classes', () => {
    const { graphs, labels, classes, tagValues } = parseGraphText(text);
    expect(graphs[0]).toEqual({
      nodes: 3,
      sources: Int32Array.of(0, 0, 1, 2),
      targets: Int32Array.of(1, 2, 0, 0),
      directed: true,
      tags: Int32Array.of(0, 4, 0),
      attributes: new Float64Array(0),
      attributeCount: 0,
      label: 1,
    });
    expect(graphs[1]).toMatchObject({ nodes: 1, label: -1 });
    expect([...labels]).toEqual([1, 0]);
    expect(classes).toEqual([-1, 1]);
    expect(tagValues).toEqual([0, 4, 7]);
  });

  test('attributes behind the neighbours; CRLF', () => {
    const { graphs } = parseGraphText('1\r\n2 0\r\n0 1 1 0.5 -2\r\n0 1 0 1e-3 4\r\n');
    expect(graphs[0]?.attributes).toEqual(Float64Array.of(0.5, -2, 0.001, 4));
    expect(graphs[0]?.attributeCount).toBe(2);
  });

  test('faults are named with file and line', () => {
    const faults: [string, typeof GraphFileError, number][] = [
      ['2\n1 0\n0 0\n', GraphLengthError, 4],
      ['1\n2 0\n0 1 1\n', GraphLengthError, 4],
      ['1\n2 0\n0 1 1\n0 1 2\n', GraphIndexError, 4],
      ['1\n2 0\n0 1 1\n0 2 0\n', GraphLengthError, 4],
      ['1\n2 0\n0 1 x\n0 1 0\n', GraphValueError, 3],
      ['1\n2 0\n0 1 1 3\n0 1 0\n', GraphLengthError, 4],
      ['1\n1 0\n0 0\n0 0\n', GraphLengthError, 4],
      ['1 2\n', GraphLengthError, 1],
      ['-1\n', GraphValueError, 1],
      ['1\n1.5 0\n', GraphValueError, 2],
      ['1\n1 0.5\n0 0\n', GraphValueError, 2],
      ['1\n2 0\n0 1 0x1\n0 1 0\n', GraphValueError, 3],
      ['1000000000000\n1 0\n0 0\n', GraphLengthError, 1],
      ['1\n100000000000 0\n0 0\n', GraphLengthError, 2],
      ['', GraphLengthError, 1],
    ];
    for (const [bad, kind, line] of faults) {
      const error = problem(() => parseGraphText(bad, { file: 'mine.txt' }));
      expect(error).toBeInstanceOf(kind);
      expect(error.line, bad).toBe(line);
      expect(error.message).toMatch(/^mine\.txt:\d+: expected .+, given .+\. .+/);
    }
  });

  test('what is no text is named', () => {
    expect(() => parseGraphText(undefined as never, { file: 'mine.txt' })).toThrow(
      /^parseGraphText: expected the text of the file, given undefined/,
    );
    expect(() => parseIndexList(5 as never, { count: 3 })).toThrow(DataArgumentError);
  });

  test('lists of indices', () => {
    expect(parseIndexList('3\n0\r\n\n1\n', { count: 4 })).toEqual(Int32Array.of(3, 0, 1));
    expect(() => parseIndexList('3\n', { count: 3, file: 'test_idx-1.txt' })).toThrow(
      /^test_idx-1\.txt:1: expected one index from 0 to 2/,
    );
    expect(() => parseIndexList('1\n1\n', { count: 3 })).toThrow(/given 1 again/);
    expect(() => parseIndexList('-1\n', { count: 3 })).toThrow(GraphIndexError);
    expect(() => parseIndexList('1\n', {} as never)).toThrow(
      /the option count as a whole number of at least 0, given undefined/,
    );
    expect(() => parseIndexList('\n', { count: 3 })).toThrow(/empty file/);
  });

  test.skipIf(!hasData('tu'))(`the published sets and their folds: ${noDataReason}`, async () => {
    const { graphs, labels, classes, tagValues, folds } = await readGraphSet(dataPath('tu', 'MUTAG'), 'MUTAG');
    expect(graphs).toHaveLength(188);
    expect(graphs.reduce((sum, { sources }) => sum + sources.length, 0)).toBe(2 * 3721);
    const sizes = graphs.map(({ nodes }) => nodes);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([10, 28]);
    expect(tagValues).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(classes).toHaveLength(2);
    expect(labels).toHaveLength(188);
    expect(folds).toHaveLength(10);
    for (const { train, test: held } of folds) expect(new Set([...train, ...held]).size).toBe(188);
    for (const { sources, targets } of graphs) {
      const arcs = new Set([...sources].map((i, e) => `${i},${targets[e]}`));
      expect([...targets].every((j, e) => arcs.has(`${j},${sources[e]}`))).toBe(true);
    }
    const exp = parseGraphText(readFileSync(dataPath('exp', 'EXP.txt'), 'utf8'));
    expect(exp.graphs).toHaveLength(1200);
    expect([...exp.labels.subarray(0, 4)]).toEqual([1, 0, 1, 0]);
    const ptc = await readGraphSet(dataPath('tu', 'PTC'), 'PTC');
    expect([ptc.graphs.length, ptc.tagValues.length]).toEqual([344, 19]);
    await expect(readGraphSet(dataPath('tu', 'MUTAG'), 'mutagg')).rejects.toThrow(GraphFileError);
  });
});

describe('the files of the TU collection', () => {
  const proper = { A: '1, 2\n2, 1\n', graph_indicator: '1\n1\n1\n1\n1\n' };

  test('a node without an edge is kept', () => {
    expect(parseTuFiles(proper)).toMatchObject([
      { nodes: 5, sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 0) },
    ]);
  });

  test('indices below 1 are named with file and line', () => {
    const error = problem(() => parseTuFiles({ ...proper, A: '1, 2\n0, 1\n' }, { name: 'MINE' }));
    expect(error).toBeInstanceOf(GraphIndexError);
    expect(error).toMatchObject({ file: 'MINE_A.txt', line: 2 });
    expect(error.message).toContain('Indices start at 1');
    expect(() => parseTuFiles({ ...proper, A: '1, 6\n' })).toThrow(/from 1 to 5, given 6/);
    expect(() => parseTuFiles({ ...proper, graph_indicator: '0\n1\n' })).toThrow(/graph_indicator\.txt:1/);
    expect(() => parseTuFiles({ A: '1, 2\n', graph_indicator: '1\n2\n' })).toThrow(/both ends in one graph/);
  });

  test('a graph number that no node has keeps its label and has no nodes', () => {
    const graphs = parseTuFiles({ A: '3, 4\n', graph_indicator: '1\n1\n3\n3\n', graph_labels: '10\n20\n30\n' });
    expect(graphs.map(({ nodes, label }) => [nodes, label])).toEqual([
      [2, 10],
      [0, 20],
      [2, 30],
    ]);
    expect(graphs[2]?.sources).toEqual(Int32Array.of(0));
    expect(() => parseTuFiles({ A: '1, 2\n', graph_indicator: '1\n1\n4\n', graph_labels: '1\n2\n3\n' })).toThrow(
      GraphIndexError,
    );
  });

  test.each([
    [
      'two numbers of a graph indicator',
      { graph_indicator: '1\n1 1\n' },
      GraphLengthError,
      /indicator\.txt:2: expected one number, given 2/,
    ],
    [
      'two labels of a graph',
      { graph_labels: '1, 2\n' },
      GraphLengthError,
      /graph_labels\.txt:1: expected one number, given 2/,
    ],
    [
      'attributes of two widths',
      { node_attributes: '1, 2\n3\n' },
      GraphLengthError,
      /node_attributes\.txt:2: expected 2 numbers, as in the lines before, given 1/,
    ],
    [
      'labels beyond 32 bits',
      { node_labels: '1\n4294967297\n' },
      GraphValueError,
      /node_labels\.txt:2: .+given 4294967297/,
    ],
    ['hexadecimal words', { A: '0x1, 2\n' }, GraphValueError, /A\.txt:1: .+"0x1" as word 1/],
    [
      'a graph far beyond the nodes',
      { graph_indicator: '1\n1000000000000\n' },
      GraphIndexError,
      /indicator\.txt:2: expected a number from 1 to/,
    ],
  ] as const)('%s: named with file and line', (_, texts, kind, message) => {
    const run = () => parseTuFiles({ A: '1, 2\n', graph_indicator: '1\n1\n', ...texts } as never);
    expect(problem(run)).toBeInstanceOf(kind);
    expect(run).toThrow(message);
  });

  test('labels and attributes of interleaved graphs follow their nodes and arcs', () => {
    const graphs = parseTuFiles({
      A: '1, 3\n4, 2\n3, 1\n',
      graph_indicator: '1\n2\n1\n2\n',
      node_labels: '5\n6\n7\n8\n',
      edge_labels: '1\n2\n3\n',
      node_attributes: '0.5, 1\n1.5, 2\n2.5, 3\n3.5, 4\n',
      edge_attributes: '10\n20\n30\n',
    });
    expect(graphs[0]).toMatchObject({
      sources: Int32Array.of(0, 1),
      targets: Int32Array.of(1, 0),
      nodeLabels: Int32Array.of(5, 7),
      edgeLabels: Int32Array.of(1, 3),
      nodeAttributes: Float64Array.of(0.5, 1, 2.5, 3),
      edgeAttributes: Float64Array.of(10, 30),
    });
    expect(graphs[1]?.edgeAttributes).toEqual(Float64Array.of(20));
    expect(() => parseTuFiles({ ...proper, edge_labels: '1\n' })).toThrow(/2 lines, one for each arc, given 1/);
    expect(() => parseTuFiles({ A: '1, 2\n' } as never)).toThrow(/graph_indicator/);
  });
});

describe('n-body', () => {
  test('charges, positions, velocities and targets of each row', () => {
    const row = Float32Array.from({ length: 40 }, (_, i) => i);
    const { count, charges, positions, velocities, targets } = parseNBody(new Uint8Array(row.buffer), { bodies: 2 });
    expect(count).toBe(2);
    expect(charges).toEqual(Float32Array.of(0, 1, 20, 21));
    expect(positions.subarray(0, 7)).toEqual(Float32Array.of(2, 3, 4, 5, 6, 7, 22));
    expect(velocities.subarray(0, 7)).toEqual(Float32Array.of(8, 9, 10, 11, 12, 13, 28));
    expect(targets.subarray(5)).toEqual(Float32Array.of(19, 34, 35, 36, 37, 38, 39));
  });

  test('cut files and numbers that are not finite', () => {
    expect(() => parseNBody(new Uint8Array(199), { file: 'cut.f32' })).toThrow(
      /^cut\.f32: expected rows of 50 numbers.+given 199 bytes/,
    );
    expect(() => parseNBody(new Uint8Array(0))).toThrow(GraphLengthError);
    const bad = new Float32Array(100);
    bad[57] = Number.NaN;
    expect(problem(() => parseNBody(new Uint8Array(bad.buffer)))).toMatchObject({ line: 2, column: 8 });
    expect(() => parseNBody(new Uint8Array(200), { bodies: 0 })).toThrow(RangeError);
    expect(parseNBody(new ArrayBuffer(200))).toMatchObject({ count: 1 });
  });

  test.skipIf(!hasData('nbody'))(`the linear baseline of the published simulations: ${noDataReason}`, () => {
    const read = (name: string) => parseNBody(readFileSync(dataPath('nbody', `nbody_small_${name}x50.f32`)));
    const train = read('train_3000');
    const held = read('test_2000');
    expect([train.count, held.count]).toEqual([3000, 2000]);
    expect(train.charges.every((charge) => Math.abs(charge) === 1)).toBe(true);
    let [moved, squares] = [0, 0];
    train.velocities.forEach((v, i) => {
      moved += v * ((train.targets[i] as number) - (train.positions[i] as number));
      squares += v * v;
    });
    const alpha = moved / squares;
    const error = held.velocities.reduce(
      (sum, v, i) => sum + ((held.positions[i] as number) + alpha * v - (held.targets[i] as number)) ** 2,
      0,
    );
    expect(alpha).toBeCloseTo(0.723, 3);
    expect(error / held.velocities.length).toBeCloseTo(0.0849, 4);
  });
});
