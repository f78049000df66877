import { mlp } from '@flowfield/nn';
import { ArgumentError, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { randomNumbers } from '@flowfield/testing';
import { expect, test } from 'vitest';
import {
  alternatingGroup,
  attentionPool,
  cyclicGroup,
  deepSets,
  equivarianceError,
  equivariantLinear,
  faGnn,
  frameAverage,
  graphFrame,
  graphFrameAverage,
  groupLinear,
  invariantNetwork,
  lrga,
  lrgaBlock,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
  poolByPattern,
  quadraticTransmission,
  set2Graph,
  setAttention,
  symmetricGroup,
  transmission,
} from './index.ts';
import { normals } from './testing/arrays.ts';
import { randomGraph } from './testing/graphs.ts';

const key = random.key(4);

test('every layer of the package is equivariant within rounding, and f32 within its own', () => {
  const x = (n: number, order: number) => normals(1, [2, ...Array<number>(order).fill(n), 3]);
  const layers = [
    [equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn: 3, channelsOut: 4 }), x(5, 2)],
    [equivariantLinear({ orderIn: 1, orderOut: 2, channelsIn: 3, channelsOut: 4 }), x(5, 1)],
    [equivariantLinear({ orderIn: [1, 1], orderOut: [1, 1], channelsIn: 3, channelsOut: 4 }), normals(1, [4, 6, 3])],
    [equivariantLinear({ orderIn: [2, 1], orderOut: [0, 1], channelsIn: 3, channelsOut: 4 }), normals(1, [4, 4, 6, 3])],
    [groupLinear({ group: cyclicGroup(5), orderIn: 1, orderOut: 2, channelsIn: 3, channelsOut: 4 }), x(5, 1)],
    [invariantNetwork({ orders: [2, 1], channels: [3, 4], outputs: 2, pool: 'max' }), x(5, 2)],
    [invariantNetwork({ group: alternatingGroup(4), orders: [1, 2], channels: [3, 4], outputs: 2 }), x(4, 1)],
  ] as const;
  for (const [layer, input] of layers) {
    const report = equivarianceError(layer, { input, key });
    expect(report.max).toBeLessThan(1e-12);
    expect(report.errors).toHaveLength(20);
    expect(report.median).toBeLessThanOrEqual(report.max);
    expect(equivarianceError(layer, { input, key, dtype: 'f32' }).max).toBeLessThan(1e-5);
  }
});

test('layers on sets, pairs, tuples and nodes too, and blocks with statistics of the batch', () => {
  const size = { inputs: 3, outputs: 4 } as const;
  const hidden = { ...size, hidden: [6, 6] };
  const input = normals(1, [2, 6, 3]);
  const layers = [
    transmission(size),
    quadraticTransmission(size),
    pointNet(hidden),
    pointNet({ ...hidden, pool: 'max', head: [5] }),
    pointNetST(hidden),
    pointNetSeg(hidden),
    pointNetQT(hidden),
    deepSets(hidden),
    deepSets({ ...hidden, aggregate: 'attention', normalize: true }),
    setAttention({ inputs: 3 }),
    attentionPool({ inputs: 3 }),
    set2Graph({ inputs: 3, set: [6], edge: [5], diagonal: true }),
    set2Graph({ inputs: 3, set: [6], edge: [5], broadcast: 'S2G+', output: 'directed' }),
    set2Graph({ inputs: 3, set: [6], edge: [5], order: 3 }),
    lrga({ inputs: 3, rank: 4 }),
  ];
  for (const layer of layers) {
    expect(equivarianceError(layer, { input, key }).max).toBeLessThan(1e-12);
    expect(equivarianceError(layer, { input, key, dtype: 'f32' }).max).toBeLessThan(1e-5);
  }
  const block = lrgaBlock({ inputs: 3, local: 5, outputs: 4, rank: 2 });
  expect(equivarianceError(block, { input: [input, normals(2, [2, 6, 5])], key }).max).toBeLessThan(1e-12);
  const fixed = {
    ...block,
    apply: (...[p, s, x, local, mode]: Parameters<typeof block.apply>) =>
      block.apply(p, s, x.mul(tensor([[1], [2], [3], [4], [5], [6]])), local, mode),
  };
  expect(equivarianceError(fixed, { input: [input, normals(2, [2, 6, 5])], key }).max).toBeGreaterThan(0.01);
});

test('averaged functions bring their declarations; others declare them', () => {
  const net = mlp({ inputs: 15, hidden: [8], outputs: 3, activation: 'tanh', dtype: 'f64' });
  const params = net.init(key);
  const fn = (y: Tensor, v: Tensor) => net.apply(params, y.reshape([...y.shape.slice(0, -2), 15])).add(v);
  const input = [normals(2, [3, 5, 3]), normals(3, [3, 3])];
  const declared = { group: 'E(3)', inputs: ['point', 'vector'], outputs: 'point' } as const;
  expect(equivarianceError(frameAverage(fn, declared), { input, key }).max).toBeLessThan(1e-12);
  expect(equivarianceError(fn, { input, key, ...declared }).max).toBeGreaterThan(0.1);

  const gnn = faGnn({ group: 'SE(3)', width: 12, layers: 2, vectors: 1, edges: 1 });
  const particles = { points: input[0], vectors: [normals(4, [3, 5, 3])], edges: normals(5, [3, 5, 5, 1]) };
  expect(equivarianceError(gnn, { input: particles, key }).max).toBeLessThan(1e-10);
  const weights = gnn.init(key);
  const run = (points: Tensor, v: Tensor) => ({
    position: gnn.apply(weights, { points, vectors: [v], edges: particles.edges }),
  });
  const named = { group: 'SE(3)', inputs: ['point', 'vector'], outputs: { position: 'point' } } as const;
  expect(equivarianceError(run, { input: [particles.points, particles.vectors[0]], key, ...named }).max).toBeLessThan(
    1e-10,
  );

  const withParams = frameAverage(
    (p: typeof params, y: Tensor) => net.apply(p, y.reshape([...y.shape.slice(0, -2), 15])),
    {
      group: 'E(3)',
      inputs: ['scalar', 'point'],
    },
  );
  expect(equivarianceError(withParams, { input: [params, input[0]], key }).max).toBeLessThan(1e-12);
});

test('functions of permutations declare their axes', () => {
  const rows = tensor(randomGraph(5, 0.5, randomNumbers('equivariance')), { dtype: 'f64' });
  expect(graphFrame(rows).size).toBeLessThan(200n);
  const mean = graphFrameAverage((a: Tensor) => a.mul(tensor([1, 2, 3, 4, 5])).sum({ axis: 1 }), {
    inputs: [2],
    outputs: 1,
  });
  const declared = { input: rows, key, group: symmetricGroup(5), inputs: [[0, 1]], outputs: [0] };
  expect(equivarianceError(mean, declared).max).toBeLessThan(1e-12);
  const pooled = (x: Tensor) => poolByPattern(x, { order: 2 });
  expect(
    equivarianceError(pooled, {
      input: normals(1, [2, 4, 4, 3]),
      key,
      group: symmetricGroup(4),
      inputs: [2],
      outputs: [],
    }).max,
  ).toBe(0);
  const tilted = (x: Tensor) => x.mul(tensor([1, 2, 3, 4]).reshape([4, 1]));
  expect(
    equivarianceError(tilted, { input: normals(1, [4, 2]), key, group: symmetricGroup(4), inputs: [1], outputs: 1 })
      .max,
  ).toBeGreaterThan(0.1);
});

test('a layer that is tied to a smaller group fails on a larger', () => {
  const layer = groupLinear({ group: cyclicGroup(5), orderIn: 1, orderOut: 1, channelsIn: 1, channelsOut: 1 });
  expect(equivarianceError(layer, { input: normals(1, [5, 1]), key, group: symmetricGroup(5) }).max).toBeGreaterThan(
    0.01,
  );
});

test('node sets that the input has no axis of are told by nodes', () => {
  const numbers = equivariantLinear({ orderIn: 0, orderOut: 2, channelsIn: 2, channelsOut: 3 });
  expect(equivarianceError(numbers, { input: normals(1, [2]), key, nodes: 5 }).max).toBeLessThan(1e-12);
  const rows = equivariantLinear({ orderIn: [1, 0], orderOut: [1, 1], channelsIn: 2, channelsOut: 3 });
  expect(equivarianceError(rows, { input: normals(1, [4, 2]), key, nodes: [4, 3] }).max).toBeLessThan(1e-12);
  const marked = {
    ...numbers,
    apply: (...[p, x, o]: Parameters<typeof numbers.apply>) => {
      const y = numbers.apply(p, x, o);
      return y.mul(tensor([1, 2, 3, 4, 5]).reshape([5, 1, 1]));
    },
  };
  expect(equivarianceError(marked, { input: normals(1, [2]), key, nodes: 5 }).max).toBeGreaterThan(0.01);
});

test('hundreds of nodes, and elements drawn without a key of the caller', () => {
  const layer = transmission({ inputs: 2, outputs: 2 });
  const report = equivarianceError(layer, { input: normals(1, [300, 2]), samples: 3 });
  expect(report.max).toBeLessThan(1e-12);
  expect(equivarianceError(layer, { input: normals(1, [300, 2]), samples: 3 })).toEqual(report);
});

test('zeros have error 0, NaN an infinite one', () => {
  const declared = { input: normals(1, [4, 2]), key, group: symmetricGroup(4), inputs: [1], outputs: 1 };
  expect(equivarianceError((x: Tensor) => x.mul(0), declared).max).toBe(0);
  expect(equivarianceError((x: Tensor) => x.mul(Number.NaN), declared).max).toBe(Number.POSITIVE_INFINITY);
});

test('bad calls are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  const loose = equivarianceError as any;
  const layer = equivariantLinear({ orderIn: 1, orderOut: 1, channelsIn: 2, channelsOut: 2 });
  const input = normals(1, [4, 2]);
  for (const [run, message] of [
    [() => loose(layer, { inputs: input, key }), /expected input 0 as a tensor/],
    [() => loose(layer, { input, key, sample: 3 }), /Did you mean samples\?/],
    [() => loose(undefined, { input, key }), /expected a layer or a function, got undefined/],
    [() => loose((x: Tensor) => x, { input, key }), /expected group, inputs, outputs to be declared/],
    [
      () => loose((x: Tensor) => x, { input, key, group: 'E(3)', inputs: ['point', 'point'], outputs: 'point' }),
      /expected 2 inputs as declared, got 1/,
    ],
    [() => loose(layer, { input, key, group: 'E(3)' }), /expected a group of permutations for this layer, got E\(3\)/],
    [
      () => loose((x: Tensor) => x, { input, key, group: symmetricGroup(4), inputs: [[5]], outputs: 1 }),
      /expected axes of a tensor of shape \[4, 2\], got \[5\]/,
    ],
    [() => loose(layer, { input, key, group: cyclicGroup(3) }), /expected 3 points for the group C3, got an axis of 4/],
    [
      () => loose((x: Tensor) => x, { input, key, group: symmetricGroup(5), inputs: [1], outputs: 1 }),
      /expected 5 points for the group S5, got an axis of 4/,
    ],
    [() => loose(layer, { input, key, samples: 0 }), /samples must be a whole number/],
  ] as const) {
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  }
});
