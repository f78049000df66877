import { ArgumentError, grad, jit, random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { differences } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import {
  affineGroup,
  alternatingGroup,
  cyclicGroup,
  dihedralGroup,
  equivariantLinear,
  type GroupLinearOptions,
  groupLinear,
  groupLinearParameters,
  groupNamed,
  LayerShapeError,
  MemoryLimitError,
  NonFiniteInputError,
  permutationGroup,
  symmetricGroup,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';
import { rank } from '../testing/tuples.ts';

const inverse = (g: readonly number[]) => g.map((_, i) => g.indexOf(i));
/** (g·X)[i, …] = X[g⁻¹ i, …] over the axes after the batch. */
const acted = (g: readonly number[], x: Tensor, order: number) =>
  relabelled(
    x,
    Array.from({ length: order }, (_, i) => i + 1),
    inverse(g),
  );

const layerOf = (group: GroupLinearOptions['group'], orderIn: number, orderOut: number, more = {}) =>
  groupLinear({ group, orderIn, orderOut, channelsIn: 2, channelsOut: 3, dtype: 'f64', ...more });
function drawn(layer: ReturnType<typeof layerOf>) {
  const params = layer.init(random.key(0));
  return tree.map((leaf: Tensor) => normals(7, leaf.shape), params) as typeof params;
}

describe.each(['C5', 'D4', 'D5', 'V4', 'AGL(1,5)', 'S4', 'A4', 'S2 x S3', 'C1'])('%s', (name) => {
  const group = groupNamed(name);
  test.each([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
    [1, 0],
    [2, 0],
    [0, 1],
    [0, 2],
    [0, 0],
  ] as const)('%i -> %i commutes with the group', (k, l) => {
    const layer = layerOf(group, k, l);
    const params = drawn(layer);
    const x = normals(3, [2, ...Array<number>(k).fill(group.degree), 2]);
    const y = layer.apply(params, x);
    for (const g of [...group.generators, group.random(random.key(1)), group.random(random.key(2))]) {
      expect(difference(layer.apply(params, acted(g, x, k)), acted(g, y, l))).toBeLessThan(1e-12);
      const single = tree.map((leaf: Tensor) => leaf.astype('f32'), params) as typeof params;
      const error = difference(
        layer.apply(single, acted(g, x.astype('f32'), k)),
        acted(g, layer.apply(single, x.astype('f32')), l),
      );
      expect(error).toBeLessThan(1e-5 * Math.max(1, y.abs().max().item()));
    }
    expect(layer.parameterCount).toBe(
      groupLinearParameters({ group, orderIn: k, orderOut: l, channelsIn: 2, channelsOut: 3 }),
    );
    expect(tree.leaves(params).reduce((total, leaf) => total + (leaf as Tensor).size, 0)).toBe(layer.parameterCount);
  });
});

test('a non-abelian group with the inverse action would not pass', () => {
  const group = affineGroup(5);
  const layer = layerOf(group, 1, 2);
  const params = drawn(layer);
  const x = normals(3, [1, 5, 2]);
  const swap = [1, 0, 2, 3, 4];
  expect(group.contains(swap)).toBe(false);
  expect(difference(layer.apply(params, acted(swap, x, 1)), acted(swap, layer.apply(params, x), 2))).toBeGreaterThan(
    0.1,
  );
});

test('the cyclic group from 1 to 1 is circular convolution', () => {
  const n = 7;
  const layer = groupLinear({
    group: cyclicGroup(n),
    orderIn: 1,
    orderOut: 1,
    channelsIn: 1,
    channelsOut: 1,
    bias: false,
    dtype: 'f64',
  });
  const params = layer.init(random.key(0));
  expect(layer.parameterCount).toBe(n);
  const kernel = params.weight.reshape([n]).toArray() as number[];
  const x = normals(1, [n, 1]);
  const values = x.reshape([n]).toArray() as number[];
  // Orbits of (b, a) are numbered by their first pair, (0, a): a - b modulo n.
  const expected = values.map((_, b) =>
    kernel.reduce((sum, weight, shift) => sum + weight * values[(b + shift) % n], 0),
  );
  expect(difference(layer.apply(params, x), tensor(expected, { dtype: 'f64' }).reshape([n, 1]))).toBeLessThan(1e-13);
});

test.each([
  [1, 1],
  [2, 1],
  [1, 2],
  [2, 2],
] as const)('the symmetric group from %i to %i spans what equivariantLinear spans', (k, l) => {
  const n = 4;
  const one = { orderIn: k, orderOut: l, channelsIn: 1, channelsOut: 1, bias: false, dtype: 'f64' } as const;
  const rows = (layer: { parameterCount: number; apply(p: { weight: Tensor }, x: Tensor): Tensor }) => {
    const x = normals(5, [8, ...Array<number>(k).fill(n), 1]);
    return Array.from({ length: layer.parameterCount }, (_, i) => {
      const weight = tensor(
        Array.from({ length: layer.parameterCount }, (_, j) => (i === j ? 1 : 0)),
        { dtype: 'f64' },
      );
      return layer
        .apply({ weight: weight.reshape([-1, 1, 1]) }, x)
        .reshape([-1])
        .toArray() as number[];
    });
  };
  const [ours, general] = [rows(equivariantLinear(one)), rows(groupLinear({ ...one, group: symmetricGroup(n) }))];
  expect(ours).toHaveLength(general.length);
  expect(rank(ours)).toBe(ours.length);
  expect(rank([...ours, ...general])).toBe(ours.length);
});

test('alternating groups: order 1 cannot tell odd permutations, 1 -> 2 can', () => {
  const group = alternatingGroup(4);
  const [first, second] = [layerOf(group, 1, 1), layerOf(group, 1, 0, { channelsIn: 3 })];
  const [p, q] = [drawn(first), drawn(second)];
  const low = (x: Tensor) => second.apply(q, first.apply(p, x).tanh());
  const x = normals(2, [1, 4, 2]);
  const [odd, even] = [
    [1, 0, 2, 3],
    [1, 2, 0, 3],
  ];
  expect(difference(low(x), low(acted(odd, x, 1)))).toBeLessThan(1e-12);
  const [up, down] = [layerOf(group, 1, 2), layerOf(group, 2, 0, { channelsIn: 3 })];
  const [r, s] = [drawn(up), drawn(down)];
  const high = (at: Tensor) => down.apply(s, up.apply(r, at).tanh());
  expect(difference(high(x), high(acted(odd, x, 1)))).toBeGreaterThan(1e-4);
  expect(difference(high(x), high(acted(even, x, 1)))).toBeLessThan(1e-12);
});

test('derivatives agree with differences, compiled and eager agree', () => {
  const layer = layerOf(dihedralGroup(4), 1, 2);
  const params = drawn(layer);
  const x = normals(1, [3, 4, 2]);
  const loss = (p: typeof params, at: Tensor) => layer.apply(p, at).sin().sum();
  const [gp, gx] = grad(loss, { argnums: [0, 1] })(params, x) as unknown as [typeof params, Tensor];
  const along = tree.map((leaf: Tensor) => normals(11, leaf.shape), params) as typeof params;
  const step = (t: number) => tree.map((p: Tensor, v: Tensor) => p.add(v.mul(t)), params, along) as typeof params;
  const slope = tree
    .leaves(tree.map((g: Tensor, v: Tensor) => g.mul(v).sum(), gp, along))
    .reduce((sum, leaf) => sum + (leaf as Tensor).item(), 0);
  expect(slope / differences((t) => [loss(step(t), x).item()])[0]).toBeCloseTo(1, 7);
  const direction = normals(12, x.shape);
  expect(
    gx.mul(direction).sum().item() / differences((t) => [loss(params, x.add(direction.mul(t))).item()])[0],
  ).toBeCloseTo(1, 7);
  expect(difference(jit(layer.apply)(params, x), layer.apply(params, x))).toBeLessThan(1e-14);
});

test('starts with variance 2 / (channels n^k)', () => {
  const layer = groupLinear({ group: alternatingGroup(5), orderIn: 2, orderOut: 2, channelsIn: 20, channelsOut: 30 });
  const { weight, bias } = layer.init(random.key(0));
  expect(weight.square().mean().item() * ((20 * 25) / 2)).toBeCloseTo(1, 1);
  expect((bias as Tensor).abs().max().item()).toBe(0);
});

describe('bad calls', () => {
  const group = cyclicGroup(3);
  const options = { group, orderIn: 1, orderOut: 1, channelsIn: 2, channelsOut: 3 };
  test.each([
    ['a misspelt option', { orderin: 1 }, /Did you mean orderIn\?/],
    ['no group', { group: undefined }, /expected a group, got undefined/],
    ['a name for a group', { group: 'C3' }, /expected a group, got C3/],
    ['an order below 0', { orderOut: -1 }, /orderOut must be a whole number/],
    ['no channels', { channelsOut: 0 }, /channelsOut must be a whole number of at least 1/],
    ['a list of orders', { orderIn: [1, 1] }, /orderIn must be a whole number/],
  ])('%s is named', (_what, wrong, message) => {
    // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
    const run = () => groupLinear({ ...options, ...wrong } as any);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });

  test('orders that would not fit memory, before anything is allocated', () => {
    const run = (more: object) => () =>
      groupLinear({ ...options, group: cyclicGroup(64), orderIn: 2, orderOut: 2, ...more });
    expect(run({ memoryLimit: 1e8 })).toThrow(MemoryLimitError);
    expect(run({ memoryLimit: 1e8 })).toThrow(
      /64\^4 = 16,777,216 entries of 8 bytes need 134,217,728 bytes; the limit is 100,000,000/,
    );
    expect(run({ channelsIn: 32, channelsOut: 32 })).toThrow(/64\^4 x 32 x 32 = 17,179,869,184 entries of 4 bytes/);
    expect(groupLinearParameters({ ...options, group: cyclicGroup(64), orderIn: 4, orderOut: 4, bias: false })).toBe(
      6 * 64 ** 7,
    );
  });

  test('inputs of another shape, and NaN', () => {
    const layer = groupLinear(options);
    const params = layer.init(random.key(0));
    expect(() => layer.apply(params, normals(0, [4, 2]))).toThrow(LayerShapeError);
    expect(() => layer.apply(params, normals(0, [4, 2]))).toThrow(/\[…, 3, 2\], got \[4, 2\]/);
    expect(() =>
      layer.apply(
        params,
        tensor([
          [1, 2],
          [Number.NaN, 1],
          [1, 1],
        ]),
      ),
    ).toThrow(NonFiniteInputError);
    expect(() => layer.apply({ weight: params.weight }, normals(0, [3, 2]))).toThrow(/got none named bias/);
  });

  test('a group given by hand', () => {
    const layer = groupLinear({ ...options, group: permutationGroup({ generators: [[1, 0, 2]] }), dtype: 'f64' });
    expect(layer.parameterCount).toBe(5 * 6 + 2 * 3);
  });
});
