import { readFileSync } from 'node:fs';
import { ArgumentError, eye, jit, random, type Tensor, TraceError, tensor } from '@flowfield/tensor-webgpu';
import { dataPath, hasData, noDataReason, randomNumbers } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import {
  EmptySetError,
  graphFrame,
  graphFrameAverage,
  LayerShapeError,
  laplacianSpectrum,
  MemoryLimitError,
  NonFiniteInputError,
  placesOf,
  UndirectedGraphError,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';
import { adjacencyOf, fromGraph6, randomGraph, relabelledGraph, shuffled } from '../testing/graphs.ts';

const path = adjacencyOf(3, [
  [0, 1],
  [1, 2],
]);
const complete = (n: number) =>
  adjacencyOf(n, Array.from({ length: n }, (_, j) => Array.from({ length: j }, (_, i) => [i, j] as const)).flat());
const asTensor = (rows: readonly (readonly number[])[]) => tensor(rows as number[][], { dtype: 'f64' });

describe('spectra', () => {
  const show = (rows: number[][], options = {}) =>
    laplacianSpectrum(rows, options).spaces.map(({ value, multiplicity }) => [
      Number(value.toFixed(9)) + 0,
      multiplicity,
    ]);

  test('two edges apart: 0 and 2, twice each, grouped and none dropped', () => {
    const edges = adjacencyOf(4, [
      [0, 1],
      [2, 3],
    ]);
    expect(show(edges, { normalized: true })).toEqual([
      [0, 2],
      [2, 2],
    ]);
    expect(show(edges)).toEqual([
      [0, 2],
      [2, 2],
    ]);
    const { eigenvalues, spaces } = laplacianSpectrum(edges, { normalized: true });
    [0, 0, 2, 2].forEach((value, i) => {
      expect(eigenvalues[i]).toBeCloseTo(value, 14);
    });
    expect(spaces.map(({ start }) => start)).toEqual([0, 2]);
  });

  test('paths, cycles, complete graphs, isolated nodes', () => {
    expect(show(path)).toEqual([
      [0, 1],
      [1, 1],
      [3, 1],
    ]);
    expect(show(path, { normalized: true })).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(show(complete(5))).toEqual([
      [0, 1],
      [5, 4],
    ]);
    expect(
      show(
        adjacencyOf(4, [
          [0, 1],
          [1, 2],
          [2, 3],
          [3, 0],
        ]),
      ),
    ).toEqual([
      [0, 1],
      [2, 2],
      [4, 1],
    ]);
    expect(show(adjacencyOf(3, [[0, 1]]), { normalized: true })).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(show([[0]])).toEqual([[0, 1]]);
    expect(
      show([
        [0, 2.5],
        [2.5, 0],
      ]),
    ).toEqual([
      [0, 1],
      [5, 1],
    ]);
    expect(
      show([
        [7, 1],
        [1, 0],
      ]),
    ).toEqual([
      [0, 1],
      [2, 1],
    ]);
  });

  test.each([1e-20, 1e-8, 1e8, 1e12, 1e20])('a factor of %d on all weights changes no space and no frame', (factor) => {
    const graph = complete(5).map((row) => row.slice());
    graph[3][4] = 0;
    graph[4][3] = 0;
    const order = [2, 4, 0, 3, 1];
    for (const normalized of [false, true]) {
      const heavy = graph.map((row) => row.map((weight) => weight * factor));
      const multiplicities = laplacianSpectrum(graph, { normalized }).spaces.map(({ multiplicity }) => multiplicity);
      const found = graphFrame(heavy, { normalized });
      expect(found.spectrum.spaces.map(({ multiplicity }) => multiplicity)).toEqual(multiplicities);
      expect(found.size).toBe(12n);
      expect(graphFrame(relabelledGraph(heavy, order), { normalized }).criterion).toEqual(found.criterion);
    }
  });

  test('the tolerance decides what is one space', () => {
    expect(show(path, { gapTolerance: 1 })).toEqual([
      [0.5, 2],
      [3, 1],
    ]);
  });
});

describe('frames', () => {
  test('of known graphs have known sizes', () => {
    expect(graphFrame(path).size).toBe(2n);
    expect(graphFrame(complete(8)).size).toBe(40320n);
    expect(
      graphFrame(
        adjacencyOf(4, [
          [0, 1],
          [1, 2],
          [2, 3],
        ]),
      ).size,
    ).toBe(4n);
    expect(
      graphFrame(
        adjacencyOf(5, [
          [0, 1],
          [0, 2],
          [0, 3],
        ]),
      )
        .groups.map(({ length }) => length)
        .sort(),
    ).toEqual([1, 1, 3]);
    expect(graphFrame(complete(25)).size).toBe(15511210043330985984000000n);
  });

  test('elements are all orders that keep the rows sorted, each once', () => {
    const rows = adjacencyOf(7, [
      [0, 1],
      [0, 2],
      [0, 3],
      [4, 5],
      [5, 6],
    ]);
    const frame = graphFrame(rows);
    const all = [...frame.elements()];
    expect(BigInt(all.length)).toBe(frame.size);
    expect(new Set(all.map((order) => order.join())).size).toBe(all.length);
    const place = new Map(frame.groups.flatMap((group, i) => group.map((node) => [node, i] as const)));
    for (const order of all) {
      const numbers = Array.from(order, (node) => place.get(node) as number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(placesOf(order).map((at) => order[at])).toEqual(Int32Array.from({ length: 7 }, (_, i) => i));
    }
  });

  test('samples are elements, each about equally often', () => {
    const frame = graphFrame(
      adjacencyOf(4, [
        [0, 1],
        [0, 2],
        [0, 3],
      ]),
    );
    const counts = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const order = frame.sample(random.foldIn(random.key(0), i)).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(new Set(counts.keys())).toEqual(new Set([...frame.elements()].map((order) => order.join())));
    expect(Math.min(...counts.values())).toBeGreaterThan(30);
  });

  test.each([{}, { normalized: true }, { decimals: 4 }, { tieTolerance: 1e-6 }])(
    'a relabelled graph has the same sorted criterion: %j',
    (options) => {
      const draw = randomNumbers('frames');
      for (let i = 0; i < 60; i++) {
        const n = 2 + (i % 15);
        const rows = randomGraph(n, 0.2 + 0.5 * draw(), draw);
        const frame = graphFrame(rows, options);
        const order = shuffled(n, draw);
        const moved = graphFrame(relabelledGraph(rows, order), options);
        expect(moved.criterion).toEqual(frame.criterion);
        // g · F: node order[i] of the old graph is node i of the new.
        expect(moved.groups.map((group) => group.map((node) => order[node]).sort((a, b) => a - b))).toEqual(
          frame.groups.map((group) => [...group].sort((a, b) => a - b)),
        );
      }
    },
  );

  test('entries at a rounding boundary do not flip: 64 nodes have 1/8 = 0.125 in the first column', () => {
    const cycle = adjacencyOf(
      64,
      Array.from({ length: 64 }, (_, i) => [i, (i + 1) % 64] as const),
    );
    expect(new Set(graphFrame(cycle).criterion.map(([first]) => first))).toEqual(new Set([13]));
    expect(graphFrame(cycle).groups).toHaveLength(1);
  });

  test('all graphs of 8 nodes: criteria follow relabelling, and frame sizes are those of the paper', (context) => {
    if (!hasData('sr', 'graph8c.g6')) return context.skip(noDataReason);
    const lines = readFileSync(dataPath('sr', 'graph8c.g6'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(11117);
    const draw = randomNumbers('graph8c');
    const every = lines.filter((_, i) => i % 11 === 0);
    const sizes = every.map((line) => {
      const rows = fromGraph6(line);
      const frame = graphFrame(rows);
      expect(graphFrame(relabelledGraph(rows, shuffled(8, draw))).criterion).toEqual(frame.criterion);
      return Number(frame.size);
    });
    const trivial = sizes.filter((size) => size === 1).length / sizes.length;
    expect(Math.abs(trivial - 0.276)).toBeLessThan(0.03);
    expect(sizes.sort((a, b) => a - b)[Math.floor(sizes.length / 2)]).toBe(2);
  });

  test('graphs of the EXP set: criteria follow relabelling', (context) => {
    if (!hasData('exp', 'EXP.txt')) return context.skip(noDataReason);
    const lines = readFileSync(dataPath('exp', 'EXP.txt'), 'utf8').split('\n');
    const draw = randomNumbers('exp');
    let at = 1;
    for (let graph = 0; graph < 40; graph++) {
      const n = Number(lines[at++].trim().split(/\s+/)[0]);
      const edges = Array.from({ length: n }, (_, i) =>
        lines[at++]
          .trim()
          .split(/\s+/)
          .slice(2)
          .map((j) => [i, Number(j)] as const),
      ).flat();
      const rows = adjacencyOf(n, edges);
      const frame = graphFrame(rows);
      expect(graphFrame(relabelledGraph(rows, shuffled(n, draw))).criterion).toEqual(frame.criterion);
      const log10 = frame.size.toString().length - 1;
      expect(log10).toBeGreaterThanOrEqual(4);
      expect(log10).toBeLessThanOrEqual(26);
    }
  });
});

/** A function of sorted graphs that knows the places: no symmetry of its own. */
function positional(adjacency: Tensor, features: Tensor): { graph: Tensor; nodes: Tensor; edges: Tensor } {
  const n = adjacency.shape[0];
  const places = tensor(
    Array.from({ length: n }, (_, i) => Math.sin(i + 1)),
    { dtype: 'f64' },
  ).reshape([n, 1]);
  const h = adjacency.matmul(features.add(places)).tanh().add(places.mul(features));
  return { graph: h.square().sum(), nodes: h, edges: h.matmul(h.T).mul(places).add(adjacency) };
}

describe('averages', () => {
  const graphs = ['a', 'b', 'c', 'd'].map((seed, i) => randomGraph(5 + (i % 2), 0.5, randomNumbers(seed)));

  test.each([0, 1, 2])('results of order %i move with the nodes', (outputs) => {
    const name = (['graph', 'nodes', 'edges'] as const)[outputs];
    const f = graphFrameAverage((a: Tensor, h: Tensor) => positional(a, h)[name], {
      inputs: [2, 1],
      outputs,
      batchSize: 7,
    });
    for (const rows of graphs) {
      const n = rows.length;
      const h = normals(n, [n, 2]);
      const y = f(asTensor(rows), h);
      const order = shuffled(n, randomNumbers(`order ${n}`));
      const moved = f(asTensor(relabelledGraph(rows, order)), relabelled(h, [0], order));
      const axes = Array.from({ length: outputs }, (_, i) => i);
      expect(difference(moved, relabelled(y, axes, order)) / y.abs().max().item()).toBeLessThan(1e-12);
    }
  });

  test('a function that ignores places does not change, whatever the batch size', () => {
    const invariant = (a: Tensor) => a.matmul(a).square().sum();
    for (const batchSize of [1, 5, 1000]) {
      const f = graphFrameAverage(invariant, { inputs: [2], batchSize });
      expect(f(asTensor(complete(4))).item()).toBeCloseTo(invariant(asTensor(complete(4))).item(), 12);
    }
  });

  test('the mean over the frame is the mean of its elements', () => {
    const rows = adjacencyOf(4, [
      [0, 1],
      [0, 2],
    ]);
    const fn = (a: Tensor) =>
      a
        .mul(tensor([1, 2, 3, 5], { dtype: 'f64' }))
        .sum({ axis: 1 })
        .square()
        .sum();
    const values = [...graphFrame(rows).elements()].map((order) =>
      fn(relabelled(asTensor(rows), [0, 1], [...order])).item(),
    );
    expect(graphFrameAverage(fn, { inputs: [2] })(asTensor(rows)).item()).toBeCloseTo(
      values.reduce((a, b) => a + b) / values.length,
      12,
    );
    const sampled = graphFrameAverage(fn, { inputs: [2], frames: 'sampled' })(asTensor(rows), { key: random.key(3) });
    expect(values.some((value) => Math.abs(value - sampled.item()) < 1e-12)).toBe(true);
  });

  test('a hexagon and two triangles get different averages, relabelled copies the same', () => {
    const ring = (nodes: readonly number[]) => nodes.map((node, i) => [node, nodes[(i + 1) % nodes.length]] as const);
    const [hexagon, triangles] = [[...ring([0, 1, 2, 3, 4, 5])], [...ring([0, 1, 2]), ...ring([3, 4, 5])]].map(
      (edges) => adjacencyOf(6, edges),
    );
    const net = (a: Tensor) => {
      const places = eye(6, { dtype: 'f64' });
      const h = places
        .add(a)
        .matmul(normals(1, [6, 8]))
        .tanh();
      return a
        .matmul(h)
        .add(h)
        .matmul(normals(2, [8, 4]))
        .tanh()
        .sum({ axis: 0 });
    };
    const f = graphFrameAverage(net, { inputs: [2] });
    const y = f(asTensor(hexagon));
    expect(difference(f(asTensor(relabelledGraph(hexagon, [3, 1, 5, 0, 2, 4]))), y)).toBeLessThan(1e-13);
    expect(difference(f(asTensor(triangles)), y)).toBeGreaterThan(1e-4);
  });

  test('a known frame lets the function be compiled', () => {
    const rows = adjacencyOf(4, [
      [0, 1],
      [1, 2],
    ]);
    const f = graphFrameAverage((a: Tensor, h: Tensor) => positional(a, h), { inputs: [2, 1], outputs: 0 });
    const graph = graphFrameAverage((a: Tensor, h: Tensor) => positional(a, h).graph, { inputs: [2, 1] });
    const frame = graphFrame(rows);
    const h = normals(1, [4, 2]);
    const compiled = jit((a: Tensor, x: Tensor) => graph(a, x, { frame }));
    expect(difference(compiled(asTensor(rows), h), graph(asTensor(rows), h))).toBeLessThan(1e-12);
    expect(() => jit((a: Tensor, x: Tensor) => graph(a, x))(asTensor(rows), h)).toThrow(TraceError);
    expect(Object.keys(f(asTensor(rows), h))).toEqual(['edges', 'graph', 'nodes']);
  });
});

describe('bad graphs and calls are named', () => {
  test.each([
    [
      'a directed path',
      [
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
      ],
      UndirectedGraphError,
      /expected an undirected graph, got weight 1 from node 0 to node 1 and 0 back/,
    ],
    [
      'negative weights',
      [
        [0, -1],
        [-1, 0],
      ],
      UndirectedGraphError,
      /weights of at least 0, got -1/,
    ],
    [
      'NaN',
      [
        [0, Number.NaN],
        [1, 0],
      ],
      NonFiniteInputError,
      /got NaN from node 0 to node 1/,
    ],
    [
      'a table',
      [
        [0, 1, 0],
        [1, 0, 0],
      ],
      LayerShapeError,
      /shape \[n, n\], got \[2, 3\]/,
    ],
    ['no nodes', [], LayerShapeError, /got \[0\]/],
  ])('%s', (_what, rows, type, message) => {
    for (const f of [laplacianSpectrum, graphFrame]) {
      expect(() => f(rows as number[][])).toThrow(type);
      expect(() => f(rows as number[][])).toThrow(message);
    }
  });

  test('no nodes at all', () => {
    expect(() => graphFrame(tensor([]).reshape([0, 0]))).toThrow(EmptySetError);
  });

  test('options', () => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
    const [spectrum, frame, average] = [laplacianSpectrum, graphFrame, graphFrameAverage] as any[];
    expect(() => spectrum(path, { normalised: true })).toThrow(/Did you mean normalized\?/);
    expect(() => spectrum(path, { normalized: 1 })).toThrow(ArgumentError);
    expect(() => frame(path, { decimals: -1 })).toThrow(/decimals must be a whole number/);
    expect(() => frame(path, { gapTolerance: Number.NaN })).toThrow(/gapTolerance must be a finite number/);
    expect(() => average((a: Tensor) => a, { inputs: [1] })).toThrow(/at least one 2, the adjacency/);
    expect(() => average((a: Tensor) => a, { inputs: [2], outputs: 3 })).toThrow(/outputs to be 0, 1 or 2/);
    expect(() => average((a: Tensor) => a, { input: [2] })).toThrow(/Did you mean inputs\?/);
    const f = graphFrameAverage((a: Tensor, _h: Tensor) => a.sum(), { inputs: [2, 1] });
    expect(() => f(asTensor(path), normals(0, [4, 1]))).toThrow(LayerShapeError);
    expect(() => f(asTensor(path), normals(0, [3, 1]), { frames: 'sampled' })).toThrow(/no key was given/);
    expect(() => f(asTensor(complete(10)), normals(0, [10, 1]))).toThrow(MemoryLimitError);
    expect(() => f(asTensor(complete(10)), normals(0, [10, 1]))).toThrow(
      /has 3628800 elements, more than the limit of 50000/,
    );
  });
});
