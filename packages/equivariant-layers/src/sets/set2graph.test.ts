import { defaultDevice, grad, jit, random, type Tensor, tensor, tree, valueAndGrad } from '@flowfield/tensor-webgpu';
import { expect, test, vi } from 'vitest';
import {
  adjustedRandIndex,
  deepSets,
  EmptySetError,
  edgeF1,
  edgeList,
  edgeLoss,
  equivarianceError,
  LayerShapeError,
  MaskError,
  MemoryLimitError,
  NonFiniteInputError,
  partition,
  randIndex,
  samePart,
  set2Graph,
} from '../index.ts';
import { difference, normals } from '../testing/arrays.ts';
import { slopeError } from '../testing/slopes.ts';
import { tuples } from '../testing/tuples.ts';

const key = random.key(3);
const small = { inputs: 2, set: [6, 4], edge: [5, 5], activation: 'tanh', dtype: 'f64' } as const;
const variants = [
  {},
  { output: 'directed' },
  { diagonal: true },
  { diagonal: true, output: 'directed', outputs: 3 },
  { broadcast: 'S2G+' },
  { broadcast: 'S2G+', aggregate: 'sum', diagonal: true, output: 'directed' },
  { context: 'none' },
  { context: 'none', normalize: false, edge: [] },
  { context: 'attention' },
  { order: 3 },
  { order: 3, broadcast: 'S2G+', output: 'directed' },
] as const;

test.each(variants)('equivariant, padded batches as single sets, finite derivatives: %j', (variant) => {
  const net = set2Graph({ ...small, ...variant });
  const params = net.init(key);
  expect(equivarianceError(net, { input: normals(1, [2, 5, 2]), key, samples: 5 }).max).toBeLessThan(1e-12);
  expect(equivarianceError(net, { input: normals(1, [5, 2]), key, samples: 5, dtype: 'f32' }).max).toBeLessThan(1e-5);
  const leaves = tree.leaves(params) as Tensor[];
  expect(leaves.reduce((total, leaf) => total + leaf.size, 0)).toBe(net.parameterCount);

  const set = normals(2, [3, 2]);
  const x = set.pad(
    [
      [0, 2],
      [0, 0],
    ],
    { value: Number.NaN },
  );
  const mask = [1, 1, 1, 0, 0];
  const y = net.apply(params, x, { mask });
  const alone = net.apply(params, set);
  const inside = tuples(5, net.orderOut).map((tuple) => (tuple.every((i) => i < 3) ? 1 : 0));
  const flat = y.reshape([inside.length, net.outputs]);
  const real = inside.flatMap((flag, i) => (flag ? [i] : []));
  expect(difference(flat.take(real), alone.reshape([real.length, net.outputs]))).toBeLessThan(1e-13);
  const outside = inside.flatMap((flag, i) => (flag ? [] : [i]));
  expect(flat.take(outside).abs().max().item()).toBe(0);
  const toX = grad((z: Tensor) => net.apply(params, z, { mask }).square().sum())(x);
  expect(toX.slice([3, 5]).abs().max().item()).toBe(0);
  const toAlone = grad((z: Tensor) => net.apply(params, z).square().sum())(set);
  expect(difference(toX.slice([0, 3]), toAlone)).toBeLessThan(1e-12);
  expect(slopeError((z) => net.apply(params, z).square().sum(), set)).toBeLessThan(1e-6);
  expect(difference(jit((p: typeof params, z: Tensor) => net.apply(p, z, { mask }))(params, x), y)).toBeLessThan(1e-13);
});

test('E_ij = ψ([u_j, u_i]), with the diagonal on its own, as written with all pairs at hand', () => {
  const net = set2Graph({ ...small, diagonal: true, output: 'directed' });
  const params = net.init(key);
  const x = normals(4, [5, 2]);
  const phi = deepSets({
    inputs: 2,
    hidden: [6],
    outputs: 4,
    normalize: true,
    bias: 'both',
    activation: 'tanh',
    dtype: 'f64',
  });
  const u = phi.apply(params.set, x);
  const layers = [{ all: params.edge.first, diagonal: params.edge.firstDiagonal }, ...params.edge.layers];
  const y = net.apply(params, x);
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 5; j++) {
      let h = tensor([...u.at(j).dataSync(), ...u.at(i).dataSync()], { dtype: 'f64' });
      layers.forEach(({ all, diagonal }, at) => {
        const linear = (z: Tensor, p: typeof all) => z.matmul(p.weight).add(p.bias as Tensor);
        const next = linear(h, all);
        const added = i === j && diagonal ? next.add(linear(h, diagonal)) : next;
        h = at < layers.length - 1 ? added.tanh() : added;
      });
      expect(difference(y.at(i).at(j), h)).toBeLessThan(1e-13);
    }
  }
});

test('the five maps of S2G+ on a set of three: both ends, the mean, and both of them on the diagonal', () => {
  const net = set2Graph({
    inputs: 1,
    set: [1],
    edge: [],
    broadcast: 'S2G+',
    normalize: false,
    output: 'directed',
    dtype: 'f64',
  });
  const x = tensor([[2], [5], [-1]], { dtype: 'f64' });
  const params = net.init(key);
  const set = {
    layers: [{ weight: tensor([[[1]], [[0]]], { dtype: 'f64' }), bias: tensor([[0], [0]], { dtype: 'f64' }) }],
  };
  const at = (map: number) => {
    const weight = tensor(
      [0, 1, 2, 3, 4].map((i) => [[i === map ? 1 : 0]]),
      { dtype: 'f64' },
    );
    const first = { weight, bias: tensor([[0], [0]], { dtype: 'f64' }) };
    return net
      .apply({ set, edge: { ...params.edge, first } }, x)
      .squeeze(-1)
      .toArray() as number[][];
  };
  const found = [0, 1, 2, 3, 4].map((map) =>
    JSON.stringify(at(map).map((row) => row.map((value) => Math.round(value * 1e9) / 1e9 + 0))),
  );
  const expected = [
    [
      [2, 2, 2],
      [5, 5, 5],
      [-1, -1, -1],
    ],
    [
      [2, 5, -1],
      [2, 5, -1],
      [2, 5, -1],
    ],
    [
      [2, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
    ],
    [
      [2, 0, 0],
      [0, 5, 0],
      [0, 0, -1],
    ],
    [
      [2, 0, 0],
      [0, 2, 0],
      [0, 0, 2],
    ],
  ].map((value) => JSON.stringify(value));
  expect([...found].sort()).toEqual([...expected].sort());
});

test('symmetric outputs are symmetric to the last bit', () => {
  const x = random.normal(key, [8, 2]);
  const pairs = set2Graph({ inputs: 2, set: [16, 8], edge: [16] });
  const y = pairs.apply(pairs.init(key), x).squeeze(-1);
  expect(y.transpose().toArray()).toEqual(y.toArray());
  const triplets = set2Graph({ inputs: 2, set: [16, 8], edge: [16], order: 3 });
  const z = triplets.apply(triplets.init(key), x).squeeze(-1);
  expect(z.transpose([2, 0, 1]).toArray()).toEqual(z.toArray());
  expect(z.transpose([1, 0, 2]).toArray()).toEqual(z.toArray());
});

test('parameters of the networks of the benchmark page', () => {
  const net = { inputs: 2, set: [128, 128, 128, 128, 64], edge: [64, 64], diagonal: true };
  expect(set2Graph(net).parameterCount).toBe(141_314);
  expect(set2Graph({ ...net, context: 'none' }).parameterCount).toBe(83_138);
  expect(set2Graph({ inputs: 2, set: [128, 128, 128, 128, 16], edge: [128] }).parameterCount).toBe(108_321);
  const directed = { inputs: 2, set: [128, 128, 128, 128, 32], edge: [128, 128], diagonal: true };
  expect(set2Graph(directed).parameterCount).toBe(158_018);
});

test('all-zero elements without bias: 0, not NaN, in value and derivative', () => {
  const zero = () =>
    tensor(
      [
        [0, 0],
        [0, 0],
      ],
      { dtype: 'f64' },
    );
  const net = set2Graph({ ...small, biasInit: (_, shape) => tensor(0, { dtype: 'f64' }).broadcastTo(shape) });
  const params = net.init(key);
  expect(net.apply(params, zero()).abs().max().item()).toBe(0);
  expect(
    grad((z: Tensor) => net.apply(params, z).sum())(zero())
      .abs()
      .sum()
      .item(),
  ).toBeLessThan(Number.POSITIVE_INFINITY);
});

test('one element is one loop', () => {
  const net = set2Graph({ ...small, diagonal: true });
  expect(net.apply(net.init(key), normals(1, [1, 2])).shape).toEqual([1, 1, 1]);
});

test('tuples that would not fit are refused with figures; triplets warn from a quarter of the limit', () => {
  const net = set2Graph({ ...small, order: 3, memoryLimit: 50_000 });
  const params = net.init(key);
  expect(() => net.apply(params, normals(1, [20, 2]))).toThrow(MemoryLimitError);
  expect(() => net.apply(params, normals(1, [20, 2]))).toThrow(
    /40,000 entries of 8 bytes need 320,000 bytes; the limit is 50,000/,
  );
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  net.apply(params, normals(1, [8, 2]));
  net.apply(params, normals(1, [8, 2]));
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0][0]).toMatch(/3-tuples need 20,480 bytes/);
  warn.mockRestore();
});

test('nothing of size n x n x 2m is made, in value or derivative', () => {
  const [n, m] = [300, 512];
  const net = set2Graph({ inputs: 1, set: [m], edge: [4] });
  const params = net.init(key);
  const before = defaultDevice().memory().reservedBytes;
  const x = random.normal(key, [n, 1]);
  valueAndGrad((p: typeof params) => net.apply(p, x).square().sum())(params);
  const grown = defaultDevice().memory().reservedBytes - before;
  expect(grown).toBeLessThan((n * n * 2 * m * 4) / 8);
});

test('partitions: components of the symmetrized scores', () => {
  const scores = tensor([
    [-1, 3, -5, -5, -5],
    [-1, -1, -5, 0.5, -5],
    [-5, -5, -1, -5, -5],
    [-5, -0.5, -5, -1, -5],
    [-5, -5, -5, -5, -1],
  ]);
  expect(partition(scores)).toEqual([Int32Array.of(0, 0, 1, 0, 2)]);
  expect(partition(scores, { threshold: 0.1 })).toEqual([Int32Array.of(0, 0, 1, 2, 3)]);
  expect(partition(scores, { mask: [1, 1, 0, 1, 1] })).toEqual([Int32Array.of(0, 0, -1, 0, 1)]);
  const batch = scores.broadcastTo([2, 5, 5]).expandDims(-1);
  expect(partition(batch)).toHaveLength(2);
  const labels = partition(scores)[0];
  const relation = samePart(labels);
  const again = partition(tensor(relation).reshape([5, 5]).astype('f32').sub(0.5))[0];
  expect([...samePart(again)]).toEqual([...relation]);
});

test('the relation of a partition is an equivalence, whatever the scores', () => {
  for (let seed = 0; seed < 20; seed++) {
    const n = 9;
    const same = samePart(partition(normals(seed, [n, n]).sub(1))[0]);
    for (let i = 0; i < n; i++) {
      expect(same[i * n + i]).toBe(1);
      for (let j = 0; j < n; j++) {
        expect(same[j * n + i]).toBe(same[i * n + j]);
        for (let k = 0; k < n; k++) if (same[i * n + j] && same[j * n + k]) expect(same[i * n + k]).toBe(1);
      }
    }
  }
});

test('Rand indices: 1 for equal partitions under other names, about 0 for random labels', () => {
  expect(randIndex([0, 0, 1, 2], [5, 5, 3, 0])).toBe(1);
  expect(adjustedRandIndex([0, 0, 1, 2], [5, 5, 3, 0])).toBe(1);
  expect(adjustedRandIndex([0, 1, 2], [2, 1, 0])).toBe(1);
  expect(adjustedRandIndex([0], [7])).toBe(1);
  // Pairs: together in both 1 (0, 1), in a 2, in b 3, of 6.
  expect(randIndex([0, 0, 1, 1], [0, 0, 0, 1])).toBeCloseTo(3 / 6, 15);
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 0, 1])).toBeCloseTo(0, 15);
  expect(randIndex([0, 0, 1, -1], [0, 0, 1, 1])).toBe(1);
  const draw = (seed: number) => [...random.randint(random.key(seed), [500], 0, 4).dataSync()];
  const mean = [0, 1, 2, 3, 4].reduce((sum, seed) => sum + adjustedRandIndex(draw(seed), draw(seed + 50)) / 5, 0);
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(() => randIndex([0, 1], [0])).toThrow(/one length/);
  expect(() => adjustedRandIndex([], [])).toThrow(/one length/);
});

test('edge lists above a threshold', () => {
  const scores = tensor([
    [9, 1, -4],
    [-2, 9, 0],
    [5, -1, 9],
  ]);
  expect(edgeList(scores)).toEqual([Int32Array.of(0, 2)]);
  expect(edgeList(scores, { directed: true })).toEqual([Int32Array.of(0, 1, 1, 2, 2, 0)]);
  expect(edgeList(scores, { threshold: -0.5 })).toEqual([Int32Array.of(0, 1, 0, 2, 1, 2)]);
  expect(edgeList(scores, { mask: [1, 1, 0], threshold: -9 })).toEqual([Int32Array.of(0, 1)]);
});

test('F1 off the diagonal, and the loss, by hand and under padding', () => {
  const logits = tensor(
    [
      [9, 1, -1],
      [1, 9, 2],
      [-1, 2, 9],
    ],
    { dtype: 'f64' },
  );
  const targets = tensor(
    [
      [0, 1, 1],
      [1, 0, 0],
      [1, 0, 0],
    ],
    { dtype: 'f64' },
  );
  expect(edgeF1(logits, targets).item()).toBeCloseTo(0.5, 7);
  expect(edgeF1(logits, targets, { diagonal: true }).item()).toBeCloseTo(4 / 11, 6);
  expect(edgeF1(logits, targets, { mask: [1, 1, 0] }).item()).toBe(1);
  expect(edgeF1(logits.neg().sub(20), targets.mul(0)).item()).toBe(1);
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const entropy = (softplus(-1) + softplus(1) + softplus(2)) / 3;
  const soft = (2 * (sigmoid(1) + sigmoid(-1))) / (sigmoid(1) + sigmoid(-1) + sigmoid(2) + 2);
  expect(edgeLoss(logits, targets).item()).toBeCloseTo(entropy, 12);
  expect(edgeLoss(logits, targets, { softF1: 2 }).item()).toBeCloseTo(entropy + 2 * (1 - soft), 9);
  const padded = logits.pad(
    [
      [0, 1],
      [0, 1],
    ],
    { value: Number.NaN },
  );
  const wanted = targets.pad(
    [
      [0, 1],
      [0, 1],
    ],
    { value: Number.NaN },
  );
  const loss = (z: Tensor) => edgeLoss(z, wanted, { mask: [1, 1, 1, 0], softF1: 2 });
  expect(loss(padded).item()).toBeCloseTo(edgeLoss(logits, targets, { softF1: 2 }).item(), 12);
  const slope = grad(loss)(padded);
  expect(slope.slice([3, 4]).abs().max().item()).toBe(0);
  expect(Number.isFinite(slope.abs().sum().item())).toBe(true);
  expect(slopeError((z) => edgeLoss(z, targets, { positiveWeight: 3, softF1: 1 }), logits)).toBeLessThan(1e-6);
});

test('NaN at a pair that counts is named, elsewhere it counts for nothing', () => {
  const targets = tensor([
    [0, 1],
    [1, 0],
  ]);
  const [bad, loops] = [
    [0, Number.NaN, 1, 0],
    [Number.NaN, 1, 1, Number.NaN],
  ].map((list) => tensor(list, { dtype: 'f64' }).reshape([2, 2]));
  for (const score of [edgeF1, edgeLoss]) {
    expect(() => score(bad, targets)).toThrow(NonFiniteInputError);
    expect(() => score(targets, bad)).toThrow(/finite numbers in targets, got NaN at \[0, 1\]/);
    expect(Number.isFinite(score(loops, targets).item())).toBe(true);
    expect(() => score(loops, targets, { diagonal: true })).toThrow(NonFiniteInputError);
  }
  expect(edgeF1(targets.div(0), targets, { mask: null as never }).item()).toBe(1);
  expect(() => edgeLoss(targets.div(0), targets)).toThrow(NonFiniteInputError);
});

test('bad calls are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
  const loose = [set2Graph, partition, edgeList, edgeLoss] as any[];
  const [make, part, list, loss] = loose;
  expect(() => make({ ...small, brodcast: 'S2G' })).toThrow(/Did you mean broadcast\?/);
  expect(() => make({ ...small, broadcast: 'lin2' })).toThrow(/'S2G' or 'S2G\+'/);
  expect(() => make({ ...small, context: true })).toThrow(/'mean' or 'attention' or 'none'/);
  expect(() => make({ ...small, set: [] })).toThrow(/at least one width/);
  expect(() => make({ ...small, order: 1 })).toThrow(/at least 2/);
  expect(() => make({ ...small, order: 3, diagonal: true })).toThrow(/for pairs/);
  expect(() => make({ ...small, memoryLimit: -1 })).toThrow(/memoryLimit/);
  const net = set2Graph(small);
  const params = net.init(key);
  expect(() => net.apply(params, normals(1, [3, 4]))).toThrow(LayerShapeError);
  expect(() => net.apply(params, normals(1, [3, 2]), { mask: [1] })).toThrow(MaskError);
  expect(() => net.apply(params, normals(1, [3, 2]), { mask: [0, 0, 0] })).toThrow(EmptySetError);
  expect(() => net.apply({} as never, normals(1, [3, 2]))).toThrow(/Draw them with init/);
  expect(() => part(normals(1, [3, 2]))).toThrow(LayerShapeError);
  expect(() => part(normals(1, [2, 2]).mul(Number.NaN))).toThrow(NonFiniteInputError);
  expect(() => part(normals(1, [2, 2]), { threshold: 'low' })).toThrow(/threshold/);
  expect(() => list(normals(1, [2, 2]), { direct: true })).toThrow(/Did you mean directed\?/);
  expect(() => loss(normals(1, [2, 2]), normals(1, [2, 2, 1]))).toThrow(LayerShapeError);
});
