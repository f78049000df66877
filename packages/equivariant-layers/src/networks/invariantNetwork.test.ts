import { adam, applyUpdates, initializers } from '@flowfield/nn';
import {
  ArgumentError,
  eye,
  jit,
  random,
  stack,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { affineGroup, alternatingGroup, invariantNetwork, symmetricGroup } from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';
import { adjacencyOf } from '../testing/graphs.ts';

const key = random.key(0);

test("has the parameters of the paper's example: 26 thousand on A4", () => {
  const net = invariantNetwork({
    group: alternatingGroup(4),
    orders: [1, 2, 2],
    channels: [1, 32, 32],
    hidden: [32],
    outputs: 1,
  });
  const params = net.init(key);
  const total = tree.leaves(params).reduce((sum, leaf) => sum + (leaf as Tensor).size, 0);
  // 6 + 22 + 2 orbits of weights, 2 + 2 + 1 of biases, and a head 32-32-1.
  expect(total).toBe(6 * 32 + 22 * 1024 + 2 * 1024 + (2 + 2 + 1) * 32 + 1056 + 33);
  expect(net.tiedParameterCount).toBe(total - 1089);
});

describe.each([
  ['A4', alternatingGroup(4), [1, 2, 2]],
  ['AGL(1,5)', affineGroup(5), [1, 2, 1]],
  ['S3', symmetricGroup(3), [2, 1]],
] as const)('%s', (_name, group, orders) => {
  test('does not change with the group, and does with others', () => {
    const net = invariantNetwork({
      group,
      orders,
      channels: orders.map(() => 4),
      outputs: 3,
      hidden: [8],
      dtype: 'f64',
    });
    const params = net.init(key);
    const x = normals(1, [2, ...Array<number>(orders[0]).fill(group.degree), 4]);
    const y = net.apply(params, x);
    expect(y.shape).toEqual([2, 3]);
    const axes = Array.from({ length: orders[0] }, (_, i) => i + 1);
    for (const g of group.elements())
      expect(difference(net.apply(params, relabelled(x, axes, g)), y)).toBeLessThan(1e-12);
    const odd = [1, 0, ...Array.from({ length: group.degree - 2 }, (_, i) => i + 2)];
    if (!group.contains(odd)) expect(difference(net.apply(params, relabelled(x, axes, odd)), y)).toBeGreaterThan(1e-4);
  });
});

test('order 1 over A4 gives odd permutations the same value', () => {
  const net = invariantNetwork({
    group: alternatingGroup(4),
    orders: [1, 1, 1],
    channels: [1, 16, 16],
    outputs: 1,
    hidden: [16],
    dtype: 'f64',
  });
  const params = net.init(key);
  const x = normals(1, [5, 4, 1]);
  expect(difference(net.apply(params, relabelled(x, [1], [1, 0, 2, 3])), net.apply(params, x))).toBeLessThan(1e-12);
});

describe.each(['linear', 'max', 'sum', 'mean'] as const)('graphs, pooled by %s', (pool) => {
  const net = invariantNetwork({
    orders: [2, 2, 2],
    channels: [3, 4, 5],
    outputs: 2,
    hidden: [6],
    activation: 'sigmoid',
    pool,
    dtype: 'f64',
  });
  const params = net.init(key);

  test('does not change with relabelling', () => {
    const x = normals(1, [2, 5, 5, 3]);
    const y = net.apply(params, x);
    expect(y.shape).toEqual([2, 2]);
    expect(difference(net.apply(params, relabelled(x, [1, 2], [3, 1, 4, 0, 2])), y)).toBeLessThan(1e-12);
  });

  test('a padded batch gives what each graph gives alone, where activations are not 0 at 0', () => {
    const graphs = [2, 4, 1].map((n) => normals(n, [n, n, 3]));
    const batch = stack(
      graphs.map((x) =>
        x.pad(
          [
            [0, 4 - x.shape[0]],
            [0, 4 - x.shape[0]],
            [0, 0],
          ],
          { value: Number.NaN },
        ),
      ),
    );
    const mask = tensor([
      [1, 1, 0, 0],
      [1, 1, 1, 1],
      [1, 0, 0, 0],
    ]);
    const y = net.apply(params, batch, { mask });
    graphs.forEach((x, i) => {
      expect(difference(y.at(i), net.apply(params, x))).toBeLessThan(1e-13);
    });
  });
});

test('learns the parity of four numbers, which order 1 cannot', () => {
  const net = invariantNetwork({
    group: alternatingGroup(4),
    orders: [1, 2, 2],
    channels: [1, 8, 8],
    outputs: 1,
    hidden: [8],
  });
  let params = net.init(key);
  const optimizer = adam({ learningRate: 1e-2 });
  let state = optimizer.init(params);
  const sample = (seed: Tensor, count: number): [Tensor, Tensor] => {
    const x = random.uniform(seed, [count, 4]);
    const d = (i: number, j: number) => x.slice('...', i).sub(x.slice('...', j));
    const sign = d(0, 1).mul(d(0, 2)).mul(d(0, 3)).mul(d(1, 2)).mul(d(1, 3)).mul(d(2, 3)).greater(0);
    return [x.expandDims(-1), sign.astype('f32')];
  };
  const loss = (p: typeof params, x: Tensor, y: Tensor) => {
    const logit = net.apply(p, x).squeeze(-1);
    return logit.maximum(0).sub(logit.mul(y)).add(logit.abs().neg().exp().log1p()).mean();
  };
  const step = jit((p: typeof params, s: typeof state, seed: Tensor) => {
    const [value, gradient] = valueAndGrad(loss)(p, ...sample(seed, 128));
    const [updates, next] = optimizer.update(gradient, s, p);
    return [applyUpdates(p, updates), next, value] as const;
  });
  for (let i = 0; i < 800; i++)
    [params, state] = step(params, state, random.foldIn(key, i)) as unknown as [typeof params, typeof state];
  const [x, y] = sample(random.key(99), 2000);
  const right = net.apply(params, x).squeeze(-1).greater(0).equal(y.greater(0.5)).astype('f32').mean().item();
  expect(right).toBeGreaterThan(0.9);
});

describe('a hexagon and two triangles, which colour refinement cannot tell apart', () => {
  const hexagon = adjacencyOf(6, [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
    [5, 0],
  ]);
  const triangles = adjacencyOf(6, [
    [0, 1],
    [1, 2],
    [2, 0],
    [3, 4],
    [4, 5],
    [5, 3],
  ]);
  const path = adjacencyOf(6, [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
  ]);
  const input = (rows: number[][]) => stack([tensor(rows, { dtype: 'f64' }), eye(6, { dtype: 'f64' })], -1);
  const gap = (orders: readonly number[], pool: 'linear' | 'max', a: number[][], b: number[][]) => {
    const net = invariantNetwork({ orders, channels: [2, 8, 8], outputs: 4, pool, activation: 'tanh', dtype: 'f64' });
    const params = net.init(key);
    const [y, z] = [net.apply(params, input(a)), net.apply(params, input(b))];
    return difference(y, z) / y.abs().max().item();
  };
  test.each(['linear', 'max'] as const)('look the same to order 2, pooled by %s; a path does not', (pool) => {
    expect(gap([2, 2, 2], pool, hexagon, triangles)).toBeLessThan(1e-13);
    expect(gap([2, 2, 2], pool, hexagon, path)).toBeGreaterThan(1e-4);
  });
  test('differ to order 3, which sees triangles', () => {
    expect(gap([2, 3, 3], 'linear', hexagon, triangles)).toBeGreaterThan(1e-6);
  });
});

test('starts as it is told', () => {
  const net = invariantNetwork({
    orders: [2, 2],
    channels: [1, 16],
    outputs: 2,
    pool: 'max',
    hidden: [8],
    tiedInit: initializers.ones,
    headInit: initializers.glorotUniform,
    headBiasInit: initializers.zeros,
  });
  const params = net.init(key);
  expect(params.layers[0].weight.min().item()).toBe(1);
  expect(params.head.layers[0].bias?.abs().max().item()).toBe(0);
  const bound = Math.sqrt(6 / (32 + 8));
  const largest = params.head.layers[0].weight.abs().max().item();
  expect(largest).toBeLessThan(bound);
  expect(largest).toBeGreaterThan(0.9 * bound);
});

describe('bad calls are named', () => {
  const options = { orders: [1, 1], channels: [1, 4], outputs: 1 };
  test.each([
    ['lists of different lengths', { orders: [1, 2, 1] }, /3 orders and 2 channels/],
    ['an order that is none', { orders: [1, -1] }, /orders\[1\] must be a whole number/],
    ['no outputs', { outputs: 0 }, /outputs must be a whole number/],
    ['a misspelt option', { poool: 'max' }, /Did you mean pool\?/],
    ['another pool', { pool: 'min' }, /'linear' or 'max' or 'sum' or 'mean', got min/],
    [
      'pooling by pattern with a group',
      { pool: 'max', group: symmetricGroup(3) },
      /pool 'max' is for all relabellings/,
    ],
  ])('%s', (_what, wrong, message) => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
    const run = () => invariantNetwork({ ...options, ...wrong } as any);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });

  test('parameters of another network, and a mask with a group', () => {
    const net = invariantNetwork({ ...options, group: symmetricGroup(3) });
    const params = net.init(key);
    const x = normals(0, [3, 1]);
    expect(() => net.apply({ ...params, layers: [] }, x)).toThrow(
      /expected parameters { layers \[1\], invariant, head }, got 0 layers/,
    );
    expect(() => net.apply(params, x, { mask: [1, 1, 1] })).toThrow(/Leave the mask out/);
  });
});
