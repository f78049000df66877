import { MemoryLimitError } from '@flowfield/equivariant-layers';
import { ArgumentError, tensor } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchGraphs,
  completeGraph,
  denseTensors,
  edgeFeature,
  findArc,
  fromDense,
  type Graph,
  GraphError,
  graph,
  nearestNeighbourGraph,
  toDense,
  unbatchGraphs,
} from './index.ts';

/** Directed graphs with features of nodes and arcs. */
const graphs = fc.integer({ min: 0, max: 7 }).chain((nodes) =>
  fc
    .uniqueArray(fc.tuple(fc.nat(Math.max(0, nodes - 1)), fc.nat(Math.max(0, nodes - 1))), {
      selector: (edge) => edge.join(),
      maxLength: nodes === 0 ? 0 : 12,
    })
    .map((edges) =>
      graph({
        nodes,
        edges,
        directed: true,
        nodeFeatures: Array.from({ length: nodes }, (_, i) => [i + 0.5, -i]),
        edgeFeatures: edges.map(([i, j]) => [10 * i + j]),
      }),
    ),
);

describe('a graph from its edges', () => {
  test('features follow their edges, whatever the order and direction in which edges are given', () => {
    const edges = [
      [2, 1],
      [1, 3],
      [3, 2],
    ] as const;
    const made = graph({ nodes: 4, edges, edgeFeatures: [10, 20, 30] });
    expect([edgeFeature(made, 1, 3), edgeFeature(made, 3, 1)]).toEqual([Float64Array.of(20), Float64Array.of(20)]);
    expect([edgeFeature(made, 1, 2), edgeFeature(made, 2, 3)]).toEqual([Float64Array.of(10), Float64Array.of(30)]);
    expect(edgeFeature(made, 0, 1)).toBe(null);
    expect(edgeFeature(made, 7, 1)).toBe(null);
    expect(made.offsets).toEqual(Int32Array.of(0, 0, 2, 4, 6));
    expect(made.targets).toEqual(Int32Array.of(2, 3, 1, 3, 1, 2));
  });

  test('repeated edges, and loops, are added on request', () => {
    const edges = [
      [0, 1],
      [0, 1],
      [1, 0],
      [0, 0],
      [0, 0],
    ] as const;
    const made = graph({ nodes: 2, edges, edgeFeatures: [1, 2, 3, 4, 2], repeated: 'sum' });
    expect(made.sources).toHaveLength(3);
    for (const [i, j] of [
      [0, 1],
      [1, 0],
      [0, 0],
    ] as const)
      expect(edgeFeature(made, i, j)).toEqual(Float64Array.of(6));
    const arcs = graph({ nodes: 2, edges, edgeFeatures: [1, 2, 3, 4, 2], repeated: 'sum', directed: true });
    expect([edgeFeature(arcs, 0, 1), edgeFeature(arcs, 1, 0)]).toEqual([Float64Array.of(3), Float64Array.of(3)]);
    expect(() => graph({ nodes: 2, edges, repeated: 'first' as never })).toThrow(/repeated must be/);
  });

  test('isolated nodes, loops once, directed arcs', () => {
    const made = graph({
      nodes: 5,
      edges: [
        [0, 0],
        [2, 0],
      ],
    });
    expect([made.sources, made.targets]).toEqual([Int32Array.of(0, 0, 2), Int32Array.of(0, 2, 0)]);
    expect(made.offsets).toEqual(Int32Array.of(0, 2, 2, 3, 3, 3));
    const arcs = graph({ nodes: 2, sources: Int32Array.of(1), targets: Int32Array.of(0), directed: true });
    expect([findArc(arcs, 1, 0), findArc(arcs, 0, 1)]).toEqual([0, -1]);
    expect(completeGraph(4).sources).toHaveLength(12);
    expect(graph({ nodes: 0, edges: [] }).offsets).toEqual(Int32Array.of(0));
  });

  test('faults are named', () => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
    const loose = graph as any;
    expect(() => loose({ nodes: 3, edges: [[0, 3]] })).toThrow(/expected ends 0 to 2, got 3 in edge 0/);
    expect(() => loose({ nodes: 3, edges: [[0, -1]] })).toThrow(GraphError);
    expect(() => loose({ nodes: 3, edges: [[0, 1.5]] })).toThrow(GraphError);
    expect(() =>
      loose({
        nodes: 3,
        edges: [
          [0, 1],
          [1, 0],
        ],
      }),
    ).toThrow(/say directed: true/);
    expect(() =>
      loose({
        nodes: 3,
        edges: [
          [0, 1],
          [0, 1],
        ],
        directed: true,
      }),
    ).toThrow(/as edges 0 and 1/);
    expect(() => loose({ nodes: 3, edges: [[0, 1, 2]] })).toThrow(/list of pairs/);
    expect(() => loose({ nodes: 3, sources: [0], targets: [] })).toThrow(/1 sources and 0 targets/);
    expect(() => loose({ nodes: 3, edges: [[0, 1]], edgeFeatures: [1, 2, 3].map((x) => [x]) })).toThrow(
      /one row for each of 1/,
    );
    expect(() => loose({ nodes: 3, edges: [], nodeFeatures: [1, 2] })).toThrow(/nodeFeatures/);
    expect(() => loose({ nodes: 2, edges: [], nodeFeatures: [[1, 2], [3]] })).toThrow(GraphError);
    expect(() => loose({ nodes: 3, edge: [] })).toThrow(/Did you mean edges\?/);
    expect(() => loose({ nodes: -1, edges: [] })).toThrow(/nodes must be/);
    expect(() => batchGraphs([])).toThrow(GraphError);
    expect(() => batchGraphs([{} as Graph])).toThrow(/Make each with graph/);
    expect(() => toDense({} as Graph)).toThrow(GraphError);
    const widths = [1, 2].map((width) => graph({ nodes: 1, edges: [], nodeFeatures: [Array(width).fill(0)] }));
    expect(() => batchGraphs(widths)).toThrow(/1 and 2/);
  });
});

describe('batches', () => {
  test('graphs come back from a flat batch, and from a dense one', () => {
    fc.assert(
      fc.property(fc.array(graphs, { minLength: 1, maxLength: 4 }), fc.nat(2), (list, more) => {
        const batch = batchGraphs(list);
        const widths = { nodeWidth: batch.nodeWidth, edgeWidth: batch.edgeWidth };
        expect(unbatchGraphs(batch)).toEqual(list.map((one) => ({ ...one, ...widths })));
        const size = Math.max(...list.map(({ nodes }) => nodes)) + more;
        const back = fromDense(toDense(batch, { size }));
        expect(back).toEqual(batch);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  test('five nodes with edges among three: a matrix of five with two rows of zeros, and a mask of five', () => {
    const dense = toDense(
      graph({
        nodes: 5,
        edges: [
          [0, 1],
          [1, 2],
        ],
      }),
    );
    expect(dense.size).toBe(5);
    expect([...dense.adjacency.subarray(15)]).toEqual(Array(10).fill(0));
    expect(dense.adjacency.reduce((a, b) => a + b)).toBe(4);
    expect([...dense.mask]).toEqual([1, 1, 1, 1, 1]);
    expect(denseTensors(dense).adjacency.shape).toEqual([1, 5, 5]);
  });

  test('graphs without nodes keep their place', () => {
    const none = graph({ nodes: 0, edges: [] });
    const batch = batchGraphs([none, graph({ nodes: 2, edges: [[0, 1]] }), none]);
    expect(batch).toMatchObject({ graphs: 3, nodeOffsets: Int32Array.of(0, 0, 2, 2), graphOf: Int32Array.of(1, 1) });
    expect(toDense(batch).mask).toEqual(Uint8Array.of(0, 0, 1, 1, 0, 0));
    expect(fromDense(toDense(batch))).toEqual(batch);
  });

  test('sizes and masks that do not fit', () => {
    const path: Graph = graph({
      nodes: 3,
      edges: [
        [0, 1],
        [1, 2],
      ],
    });
    expect(() => toDense(path, { size: 2 })).toThrow(/at least 3/);
    expect(() => toDense(path, { sizes: 2 } as never)).toThrow(/Did you mean size\?/);
    expect(() => fromDense({ graphs: 1, size: 2, adjacency: new Float64Array(3) })).toThrow(/adjacency of 4 numbers/);
    const dense = toDense(path);
    expect(() => fromDense({ ...dense, mask: Uint8Array.of(1, 1, 0) })).toThrow(/at padding/);
    expect(fromDense({ graphs: 1, size: 2, adjacency: Float64Array.of(0, 7, 0, 0) }).targets).toEqual(Int32Array.of(1));
  });

  test('padding that would not fit memory is refused with figures, before anything is allocated', () => {
    const edge = graph({ nodes: 2, edges: [[0, 1]], edgeFeatures: [[1, 2, 3]] });
    expect(() => toDense(edge, { size: 1e6 })).toThrow(MemoryLimitError);
    expect(() => toDense(edge, { size: 10, memoryLimit: 3199 })).toThrow(/need 3,200 bytes; the limit is 3,199/);
    expect(toDense(edge, { size: 10, memoryLimit: 3200 }).edgeFeatures.length).toBe(300);
    expect(() => toDense(edge, { memoryLimit: 0 })).toThrow(/memoryLimit must be a positive number/);
  });

  test('dense arrays are lists of numbers of any type; anything else is named', () => {
    const batch = fromDense({ graphs: 1, size: 2, adjacency: [0, 1, 1, 0], edgeFeatures: [0, 5, 6, 0], edgeWidth: 1 });
    expect(batch.edgeFeatures).toEqual(Float64Array.of(5, 6));
    const loose = fromDense as unknown as (given: object) => void;
    for (const [given, message] of [
      [{ graphs: 1, size: 2 }, /expected adjacency of 4 numbers .* no flat array/],
      [
        {
          graphs: 1,
          size: 2,
          adjacency: tensor([
            [0, 1],
            [1, 0],
          ]),
        },
        /no flat array\. Read tensors by data\(\)/,
      ],
      [{ graphs: 1, size: 2, adjacency: [0, Number.NaN, 1, 0] }, /expected numbers in adjacency, got NaN at place 1/],
      [{ graphs: 1, size: 1, adjacency: [0], mask: [1, 1] }, /expected mask of 1 numbers/],
    ] as const) {
      expect(() => loose(given)).toThrow(GraphError);
      expect(() => loose(given)).toThrow(message);
    }
    expect(() => loose({ graphs: 1, size: -1, adjacency: [] })).toThrow(ArgumentError);
    expect(() => denseTensors(toDense(graph({ nodes: 1, edges: [] })), { dtpye: 'f64' } as never)).toThrow(
      /Did you mean dtype\?/,
    );
    expect(() => denseTensors(toDense(graph({ nodes: 1, edges: [] })), { dtype: 'i32' as never })).toThrow(
      ArgumentError,
    );
  });
});

describe('nearest neighbours', () => {
  const line = [0, 1, 3, 7, 8];

  test('directed, in either direction, in both', () => {
    const arcs = (mode: 'directed' | 'union' | 'mutual') => {
      const { sources, targets } = nearestNeighbourGraph(line, { dimension: 1, k: 1, mode });
      return [...sources].map((i, arc) => `${i}-${targets[arc]}`);
    };
    expect(arcs('directed')).toEqual(['0-1', '1-0', '2-1', '3-4', '4-3']);
    expect(arcs('union')).toEqual(['0-1', '1-0', '1-2', '2-1', '3-4', '4-3']);
    expect(arcs('mutual')).toEqual(['0-1', '1-0', '3-4', '4-3']);
  });

  test('ties go to the lower number; coincident points are neighbours, no point its own', () => {
    const { sources, targets } = nearestNeighbourGraph([5, 5, 5, 6], { dimension: 1, k: 2, mode: 'directed' });
    expect([...sources].map((i, arc) => `${i}-${targets[arc]}`)).toEqual([
      '0-1',
      '0-2',
      '1-0',
      '1-2',
      '2-0',
      '2-1',
      '3-0',
      '3-1',
    ]);
  });

  test('faults are named', () => {
    expect(() => nearestNeighbourGraph(line, { dimension: 1, k: 5 })).toThrow(/k from 1 to 4/);
    expect(() => nearestNeighbourGraph(line, { dimension: 2, k: 1 })).toThrow(GraphError);
    expect(() => nearestNeighbourGraph([0, Number.NaN, 1], { dimension: 1, k: 1 })).toThrow(/NaN at point 1/);
    expect(() => nearestNeighbourGraph(line, { dimension: 1, k: 1, mode: 'both' as never })).toThrow(
      /'directed', 'union' or 'mutual'/,
    );
    expect(() => nearestNeighbourGraph(line, { dimension: 1, n: 1 } as never)).toThrow(/got one named n/);
  });
});
