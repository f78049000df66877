import { LayerShapeError, MaskError, NonFiniteInputError } from '@flowfield/equivariant-layers';
import { mlp } from '@flowfield/nn';
import {
  ArgumentError,
  concat,
  grad,
  jit,
  random,
  relu,
  type Tensor,
  tensor,
  tree,
  where,
  zeros,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  batchGraphs,
  completeGraph,
  denseTensors,
  GraphError,
  gin,
  graph,
  messagePassing,
  nBodyNet,
  poolGraphs,
  squaredDistances,
  toDense,
} from './index.ts';
import { difference, normals } from './testing/arrays.ts';

const key = random.key(5);
const f64 = 'f64' as const;
const path = graph({
  nodes: 3,
  edges: [
    [0, 1],
    [1, 2],
  ],
});
const reduces = ['sum', 'mean', 'max'] as const;

describe('message passing', () => {
  test('sums, means and maxima along arcs, flat and padded', () => {
    const x = tensor(
      [
        [0, 5],
        [2, -1],
        [1, 3],
      ],
      { dtype: f64 },
    );
    const expected = {
      sum: [
        [2, -1],
        [1, 8],
        [2, -1],
      ],
      mean: [
        [2, -1],
        [0.5, 4],
        [2, -1],
      ],
      max: [
        [2, -1],
        [1, 5],
        [2, -1],
      ],
    };
    const { adjacency, mask } = denseTensors(toDense(path, { size: 5 }), { dtype: f64 });
    const padded = x
      .pad(
        [
          [0, 2],
          [0, 0],
        ],
        { value: Number.NaN },
      )
      .expandDims(0);
    for (const reduce of reduces) {
      expect(messagePassing(x, path, { reduce }).toArray()).toEqual(expected[reduce]);
      const y = messagePassing(padded, { adjacency, mask }, { reduce });
      expect(y.toArray()).toEqual([[...expected[reduce], [0, 0], [0, 0]]]);
      const own = (source: Tensor) => source.mul(1);
      expect(messagePassing(x, path, { reduce, message: own }).toArray()).toEqual(expected[reduce]);
      expect(
        messagePassing(padded, { adjacency, mask }, { reduce, message: own }).at(0).slice([0, 3]).toArray(),
      ).toEqual(expected[reduce]);
    }
  });

  test('messages flow from source to target', () => {
    const arc = graph({ nodes: 2, edges: [[0, 1]], directed: true });
    const x = tensor([[3], [4]], { dtype: f64 });
    expect(messagePassing(x, arc).flatten().toArray()).toEqual([0, 3]);
    expect(
      messagePassing(x, {
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      })
        .flatten()
        .toArray(),
    ).toEqual([0, 3]);
    const both = (source: Tensor, target: Tensor) => source.mul(10).add(target);
    expect(messagePassing(x, arc, { message: both }).flatten().toArray()).toEqual([0, 34]);
  });

  test('a node without arcs gets 0 by every reduction, with finite derivatives', () => {
    const lonely = graph({ nodes: 1, edges: [] });
    const x = tensor([[-7, 3]], { dtype: f64 });
    for (const reduce of reduces) {
      for (const given of [lonely, { adjacency: [[0]] }]) {
        expect(messagePassing(x, given, { reduce }).toArray()).toEqual([[0, 0]]);
        expect(grad((z: Tensor) => messagePassing(z, given, { reduce }).sum())(x).toArray()).toEqual([[0, 0]]);
      }
      const net = gin({ inputs: 2, outputs: 3, reduce, dtype: f64 });
      const params = net.init(key);
      const alone = mlp({ inputs: 2, hidden: [3], outputs: 3, activation: 'relu', dtype: f64 });
      expect(difference(net.apply(params, x, lonely), alone.apply(params.mlp, x))).toBe(0);
    }
  });

  test('faults are named', () => {
    const x = normals(1, [3, 2]);
    // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
    const [pass, make] = [messagePassing, gin] as any[];
    expect(() => pass(x, path, { reduce: 'avg' })).toThrow(ArgumentError);
    expect(() => pass(x, path, { aggregate: 'sum' })).toThrow(ArgumentError);
    expect(() => pass(x, undefined)).toThrow(GraphError);
    expect(() => pass(normals(1, [4, 2]), path)).toThrow(LayerShapeError);
    expect(() => pass(x, { nodes: 3, sources: [0], targets: [3] })).toThrow(/targets 0 to 2, got 3 at place 0/);
    expect(() => pass(x, { nodes: 3, sources: [0], targets: [1, 2] })).toThrow(/as many sources/);
    expect(() =>
      pass(x, {
        adjacency: [
          [0, 1],
          [1, 0],
        ],
      }),
    ).toThrow(LayerShapeError);
    expect(() => pass(x, { adjacency: tensor(Array(9).fill(1)).reshape([3, 3]), mask: [1, 1] })).toThrow(MaskError);
    expect(() => pass(x.mul(Number.NaN), path)).toThrow(NonFiniteInputError);
    expect(() => pass(x, path, { message: (s: Tensor) => s, edges: normals(1, [3, 1]) })).toThrow(/\[4, e\]/);
    expect(() => make({ inputs: 2, outputs: 2, epsilons: 1 })).toThrow(/Did you mean epsilon\?/);
    expect(() => make({ inputs: 2, outputs: 2, edges: 1 }).apply({}, x, path)).toThrow(ArgumentError);
    const net = gin({ inputs: 2, outputs: 2, edges: 1, dtype: f64 });
    expect(() => net.apply(net.init(key), x, path)).toThrow(/got no features of arcs/);
    expect(() => net.apply(net.init(key), x, path, { edges: normals(1, [4, 2]) })).toThrow(LayerShapeError);
  });
});

describe('what is given', () => {
  const x = normals(1, [3, 2]);
  const adjacency = [
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 0],
  ];

  test('ends of arcs and graphs of nodes: any list of whole numbers, checked where they are known', () => {
    const lists = (numbers: number[]) => [
      numbers,
      Int32Array.from(numbers),
      Uint8Array.from(numbers),
      Float64Array.from(numbers),
      tensor(numbers),
      tensor(numbers, { dtype: 'i32' }),
    ];
    const expected = messagePassing(x, { nodes: 3, sources: [0, 2], targets: [1, 1] });
    for (const sources of lists([0, 2])) {
      expect(difference(messagePassing(x, { nodes: 3, sources, targets: [1, 1] }), expected)).toBe(0);
    }
    for (const sources of lists([0, 3]))
      expect(() => messagePassing(x, { nodes: 3, sources, targets: [1, 1] })).toThrow(
        /sources 0 to 2, got 3 at place 1/,
      );
    for (const graphOf of lists([0, 1, 7]))
      expect(() => poolGraphs(x, { graphs: 2, graphOf })).toThrow(/graphOf 0 to 1, got 7 at place 2/);
    expect(() => poolGraphs(x, { graphs: Number.NaN, graphOf: [0, 0, 0] })).toThrow(ArgumentError);
  });

  test('masks of anything but 0 and 1, and an adjacency with NaN, are named; no mask may be null', () => {
    for (const mask of [
      [1, 0.5, 0],
      [1, Number.NaN, 1],
      [1, 2, 1],
    ]) {
      expect(() => messagePassing(x, { adjacency, mask })).toThrow(MaskError);
      expect(() => poolGraphs(x, { mask })).toThrow(/expected a mask of 0 and 1/);
    }
    expect(difference(poolGraphs(x, { mask: null }), poolGraphs(x, {}))).toBe(0);
    expect(difference(messagePassing(x, { adjacency, mask: null }), messagePassing(x, { adjacency }))).toBe(0);
    const holes = [
      [0, 1, 0],
      [1, 0, Number.NaN],
      [0, 0, 0],
    ];
    expect(() => messagePassing(x, { adjacency: holes })).toThrow(NonFiniteInputError);
  });

  test('NaN where no arc is reaches neither value nor derivative; at an arc it is named', () => {
    const place = tensor(adjacency).notEqual(0).expandDims(-1);
    const edges = normals(2, [3, 3, 1]);
    const filled = where(place, edges, Number.NaN);
    const net = gin({ inputs: 2, outputs: 2, edges: 1, dtype: f64 });
    const particles = nBodyNet({ inputs: 2, outputs: 1, edges: 1, width: 3, layers: 2, dtype: f64 });
    for (const layer of [net, particles] as { init(k: random.Key): object; apply: typeof net.apply }[]) {
      const loss = (p: object, e: Tensor) =>
        layer
          .apply(p as never, x, { adjacency }, { edges: e })
          .square()
          .sum();
      const params = layer.init(key);
      const [found, expected] = [filled, edges].map((e) => tree.leaves<Tensor>(grad(loss)(params, e)));
      found.forEach((leaf, i) => {
        expect(difference(leaf, expected[i])).toBe(0);
      });
      expect(() => loss(params, edges.mul(Number.NaN))).toThrow(/finite features of arcs/);
    }
    const slope = (edges: Tensor) =>
      grad((w: Tensor) => {
        const message = (source: Tensor, _: Tensor, e: Tensor | null) => source.mul((e as Tensor).mul(w));
        return messagePassing(x, { adjacency }, { message, edges }).sum();
      })(tensor(2, { dtype: f64 }));
    expect(difference(slope(filled), slope(edges))).toBe(0);
  });

  test('whole numbers and truth values are numbers in f32; NaN is pooled only from padding', () => {
    const whole = tensor([[1], [2], [4]], { dtype: 'i32' });
    const matrix = [
      [0, 1, 0],
      [1, 0, 1],
      [0, 1, 0],
    ];
    for (const reduce of reduces) {
      for (const given of [path, { adjacency: matrix }]) {
        const found = messagePassing(whole, given, { reduce });
        expect(found.dtype).toBe('f32');
        expect(difference(found, messagePassing(whole.astype('f32'), given, { reduce }))).toBe(0);
      }
      expect(poolGraphs(whole, { graphs: 1, graphOf: [0, 0, 0] }, reduce).dtype).toBe('f32');
      expect(poolGraphs(whole.greater(1), {}, reduce).dtype).toBe('f32');
      const bad = tensor([[1], [Number.NaN]]);
      expect(() => poolGraphs(bad, { graphs: 1, graphOf: [0, 0] }, reduce)).toThrow(NonFiniteInputError);
      expect(() => poolGraphs(bad, {}, reduce)).toThrow(/got NaN as number 0 of row 1/);
      expect(poolGraphs(bad, { mask: [1, 0] }, reduce).item()).toBe(1);
    }
  });

  test('no nodes at all: no rows, by every reduction', () => {
    for (const reduce of reduces) {
      expect(messagePassing(zeros([0, 2]), { adjacency: zeros([0, 0]) }, { reduce }).shape).toEqual([0, 2]);
      expect(messagePassing(zeros([0, 2]), graph({ nodes: 0, edges: [] }), { reduce }).shape).toEqual([0, 2]);
      expect(difference(poolGraphs(zeros([4, 0, 2]), {}, reduce), zeros([4, 2]))).toBe(0);
    }
  });
});

describe('pooling', () => {
  test('graphs of 0, 2 and 0 nodes: three rows, 0 where nothing is', () => {
    const none = graph({ nodes: 0, edges: [] });
    const batch = batchGraphs([none, graph({ nodes: 2, edges: [] }), none]);
    const ones = tensor([[1], [1]], { dtype: f64 });
    const dense = toDense(batch);
    for (const [reduce, expected] of [
      ['sum', 2],
      ['mean', 1],
      ['max', 1],
    ] as const) {
      expect(poolGraphs(ones, batch, reduce).flatten().toArray()).toEqual([0, expected, 0]);
      const padded = tensor(
        [
          [[Number.NaN], [Number.NaN]],
          [[1], [1]],
          [[Number.NaN], [Number.NaN]],
        ],
        { dtype: f64 },
      );
      const pooled = poolGraphs(padded, { mask: denseTensors(dense).mask }, reduce);
      expect(pooled.flatten().toArray()).toEqual([0, expected, 0]);
    }
    expect(() => poolGraphs(normals(1, [3, 1]), batch)).toThrow(LayerShapeError);
    expect(
      poolGraphs(ones, { graphs: 2, graphOf: [1, 1] })
        .flatten()
        .toArray(),
    ).toEqual([0, 2]);
    expect(() => poolGraphs(ones, { graphs: 1, graphOf: [0, 1] })).toThrow(/graphOf 0 to 0, got 1 at place 1/);
    expect(() => poolGraphs(ones, { mask: [1, 0, 1] })).toThrow(MaskError);
    expect(() => poolGraphs(ones, { mask: [1, 0] }, 'avg' as never)).toThrow(ArgumentError);
  });
});

describe('GIN', () => {
  const sizes = [4, 1, 6];
  const list = sizes.map((nodes, g) => {
    // A path; larger graphs have a cycle too.
    const path = Array.from({ length: nodes - 1 }, (_, i) => [i, i + 1] as const);
    const edges = nodes > 3 ? [...path, [0, nodes - 1] as const] : path;
    return graph({
      nodes,
      edges,
      nodeFeatures: normals(g, [nodes, 3]).dataSync(),
      edgeFeatures: normals(9 + g, [edges.length, 2]).toArray() as number[][],
    });
  });
  const batch = batchGraphs(list);
  const x = tensor(batch.nodeFeatures, { dtype: f64 }).reshape([batch.nodes, 3]);
  const edges = tensor(batch.edgeFeatures, { dtype: f64 }).reshape([batch.sources.length, 2]);
  const dense = denseTensors(toDense(batch, { size: 10 }), { dtype: f64 });

  test.each([
    {},
    { reduce: 'mean', learnEpsilon: true, epsilon: 0.3 },
    { reduce: 'max', edges: 2 },
    { edges: 2, hidden: [7, 5], activation: 'tanh' },
  ] as const)('three layers and a sum: flat batch, padded batch and graph by graph agree: %j', (options) => {
    const layers = [3, 4, 4].map((inputs) => gin({ inputs, outputs: 4, dtype: f64, ...options }));
    const params = layers.map((layer, i) => layer.init(random.key(i)));
    const withEdges = 'edges' in options;
    const run = (h: Tensor, of: Parameters<(typeof layers)[0]['apply']>[2], e: Tensor) =>
      layers.reduce((y, layer, i) => layer.apply(params[i], y, of, withEdges ? { edges: e } : {}), h);
    const flat = poolGraphs(run(x, batch, edges), batch);
    const padded = poolGraphs(run(dense.nodeFeatures, dense, dense.edgeFeatures), dense);
    expect(difference(flat, padded)).toBeLessThan(1e-12);
    const alone = concat(
      list.map((one) => {
        const h = tensor(one.nodeFeatures, { dtype: f64 }).reshape([one.nodes, 3]);
        const e = tensor(one.edgeFeatures, { dtype: f64 }).reshape([one.sources.length, 2]);
        return run(h, one, e).sum({ axis: 0, keepDims: true });
      }),
      0,
    );
    expect(difference(flat, alone)).toBeLessThan(1e-12);
    const compiled = jit((p: typeof params, h: Tensor) =>
      layers.reduce((y, layer, i) => layer.apply(p[i], y, batch, withEdges ? { edges } : {}), h),
    );
    expect(difference(compiled(params, x), run(x, batch, edges))).toBeLessThan(1e-13);
    const slopes = grad((p: typeof params) =>
      layers
        .reduce((y, layer, i) => layer.apply(p[i], y, batch, withEdges ? { edges } : {}), x)
        .square()
        .sum(),
    )(params);
    for (const leaf of tree.leaves(slopes) as Tensor[]) expect(Number.isFinite(leaf.abs().sum().item())).toBe(true);
  });

  test('(1 + ε) x_i + Σ relu(x_j + W e_ji), by hand', () => {
    const net = gin({ inputs: 3, outputs: 2, hidden: [], edges: 2, epsilon: 0.5, dtype: f64 });
    const params = net.init(key);
    const [one] = list;
    const h = tensor(one.nodeFeatures, { dtype: f64 }).reshape([4, 3]);
    const e = tensor(one.edgeFeatures, { dtype: f64 }).reshape([one.sources.length, 2]);
    const y = net.apply(params, h, one, { edges: e });
    const w = params.edge as { weight: Tensor; bias?: Tensor };
    for (let i = 0; i < 4; i++) {
      let total = h.at(i).mul(1.5);
      one.targets.forEach((target, arc) => {
        if (target === i)
          total = total.add(
            relu(
              h.at(one.sources[arc]).add(
                e
                  .at(arc)
                  .matmul(w.weight)
                  .add(w.bias as Tensor),
              ),
            ),
          );
      });
      const { weight, bias } = params.mlp.layers[0];
      expect(difference(y.at(i), total.matmul(weight).add(bias as Tensor))).toBeLessThan(1e-14);
    }
  });
});

describe('the network for particles', () => {
  const five = completeGraph(5);
  const net = nBodyNet({ inputs: 6, edges: 2, outputs: 3, dtype: f64 });
  const params = net.init(key);
  const count = (tree.leaves(params) as Tensor[]).reduce((total, leaf) => total + leaf.size, 0);

  test('as many parameters as the network of the papers', () => {
    expect(count).toBe(92_103);
  });

  test('arcs and dense batches agree', () => {
    const x = normals(1, [2, 5, 6]);
    const adjacency = denseTensors(toDense(five)).adjacency.at(0);
    const pairs = normals(2, [2, 5, 5, 1]);
    const points = x.slice('...', [0, 3]);
    const distances = squaredDistances(points, { adjacency });
    const y = net.apply(params, x, { adjacency }, { edges: concat([pairs, distances], -1) });
    for (let g = 0; g < 2; g++) {
      const own = Array.from(five.sources, (i, arc) => pairs.at(g).at(i).at(five.targets[arc]).item());
      const e = concat([tensor(own, { dtype: f64 }).expandDims(-1), squaredDistances(points.at(g), five)], -1);
      expect(difference(y.at(g), net.apply(params, x.at(g), five, { edges: e }))).toBeLessThan(1e-12);
    }
  });

  test('two nodes at one place: value and derivative are finite', () => {
    const pair = graph({ nodes: 2, edges: [[0, 1]] });
    const small = nBodyNet({ inputs: 3, edges: 1, outputs: 3, width: 8, layers: 2, dtype: f64 });
    const weights = small.init(key);
    const loss = (points: Tensor) =>
      small.apply(weights, points, pair, { edges: squaredDistances(points, pair) }).sum();
    const points = tensor(
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      { dtype: f64 },
    );
    expect(Number.isFinite(loss(points).item())).toBe(true);
    expect(Number.isFinite(grad(loss)(points).abs().sum().item())).toBe(true);
    expect(() => small.apply(weights, points, pair)).toThrow(ArgumentError);
    expect(() => nBodyNet({ inputs: 3, outputs: 3, depth: 2 } as never)).toThrow(ArgumentError);
    expect(() => small.apply({} as never, points, pair)).toThrow(/Draw them with init/);
  });
});
