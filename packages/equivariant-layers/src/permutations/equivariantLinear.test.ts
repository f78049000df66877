import {
  ArgumentError,
  grad,
  jit,
  random,
  ShapeError,
  stack,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
  zeros,
} from '@flowfield/tensor-webgpu';
import { differences } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import {
  applyMap,
  EmptySetError,
  type EquivariantLinearOptions,
  equivariantBiases,
  equivariantLinear,
  equivariantMaps,
  LayerShapeError,
  MaskError,
  MemoryLimitError,
  NonFiniteInputError,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';

const layerOf = (
  orderIn: EquivariantLinearOptions['orderIn'],
  orderOut: EquivariantLinearOptions['orderOut'],
  more = {},
) => equivariantLinear({ orderIn, orderOut, channelsIn: 3, channelsOut: 2, dtype: 'f64', ...more });

/** Parameters with biases that are not 0. */
function drawn(layer: ReturnType<typeof layerOf>, seed = 0) {
  const params = layer.init(random.key(seed));
  return tree.map((leaf: Tensor) => normals(seed + 1, leaf.shape), params) as typeof params;
}

/** The layer's value as the sum of its maps and patterns, one by one. */
function oneByOne(
  layer: ReturnType<typeof layerOf>,
  params: ReturnType<typeof drawn>,
  x: Tensor,
  options: object,
): Tensor {
  const { orderIn, orderOut } = layer;
  const { nodes } = options as { nodes?: number };
  const parts = equivariantMaps({ orderIn, orderOut }).map((map, i) =>
    applyMap(map, x, options).matmul(params.weight.at(i)),
  );
  const constants = equivariantBiases(orderOut).map((pattern, i) => {
    const y = parts[0];
    const channels = y.shape[y.shape.length - 1];
    const sizes =
      nodes ?? (typeof orderOut === 'number' ? y.shape[y.shape.length - 2] : y.shape.slice(-1 - orderOut.length, -1));
    return applyMap(pattern, (params.bias as Tensor).at(i).reshape([channels]), { nodes: orderOut === 0 ? 1 : sizes });
  });
  return [...parts, ...constants].reduce((total, part) => total.add(part));
}

const pairs = [
  [2, 2],
  [2, 1],
  [1, 2],
  [1, 1],
  [2, 0],
  [1, 0],
  [0, 2],
  [3, 2],
  [2, 3],
  [3, 1],
  [1, 3],
  [3, 0],
  [0, 1],
  [0, 0],
] as const;

describe.each(pairs)('%i -> %i', (k, l) => {
  const n = 4;
  const layer = layerOf(k, l);
  const params = drawn(layer);
  const x = normals(9, [2, ...Array<number>(k).fill(n), 3]);
  const options = k === 0 ? { nodes: n } : {};

  test('is the sum of its maps, one by one', () => {
    const y = layer.apply(params, x, options);
    expect(y.shape).toEqual([2, ...Array<number>(l).fill(n), 2]);
    expect(difference(y, oneByOne(layer, params, x, options))).toBeLessThan(1e-13);
  });

  test('commutes with relabelling, in f64 and f32', () => {
    const order = [2, 0, 3, 1];
    const move = (y: Tensor, count: number) =>
      relabelled(
        y,
        Array.from({ length: count }, (_, i) => i + 1),
        order,
      );
    for (const [dtype, bound] of [
      ['f64', 1e-13],
      ['f32', 1e-5],
    ] as const) {
      const cast = tree.map((leaf: Tensor) => leaf.astype(dtype), params) as typeof params;
      const given = x.astype(dtype);
      const y = layer.apply(cast, given, options);
      expect(y.dtype).toBe(dtype);
      expect(difference(layer.apply(cast, move(given, k), options), move(y, l))).toBeLessThan(bound);
    }
  });

  test('has as many numbers as it says, and biases of 0 at the start', () => {
    const start = layer.init(random.key(1));
    expect(tree.leaves(start).reduce((total, leaf) => total + (leaf as Tensor).size, 0)).toBe(layer.parameterCount);
    expect((start.bias as Tensor).abs().max().item()).toBe(0);
  });
});

test('2 -> 2 is the fast form of the paper, written out', () => {
  const n = 5;
  const layer = layerOf(2, 2);
  const params = drawn(layer);
  const x = normals(4, [n, n, 3]);
  const [w, b] = [(i: number) => params.weight.at(i - 1), params.bias as Tensor];
  const d = x.diagonal(0, 1).T;
  const [r, c] = [x.mean({ axis: 1 }), x.mean({ axis: 0 })];
  const [s, t] = [r.mean({ axis: 0 }), d.mean({ axis: 0 })];
  const diag = d
    .matmul(w(1))
    .add(t.matmul(w(2)))
    .add(r.matmul(w(3)))
    .add(c.matmul(w(4)))
    .add(s.matmul(w(5)))
    .add(b.at(1));
  const row = c
    .matmul(w(6))
    .add(r.matmul(w(7)))
    .add(d.matmul(w(12)));
  const column = c
    .matmul(w(8))
    .add(r.matmul(w(9)))
    .add(d.matmul(w(13)));
  const all = t
    .matmul(w(14))
    .add(s.matmul(w(15)))
    .add(b.at(0));
  const expected = diag.T.diag()
    .transpose([1, 2, 0])
    .add(row.expandDims(1))
    .add(column.expandDims(0))
    .add(all)
    .add(x.matmul(w(10)))
    .add(x.transpose([1, 0, 2]).matmul(w(11)));
  expect(difference(layer.apply(params, x), expected)).toBeLessThan(1e-14);
});

test('one set of weights serves every number of nodes', () => {
  const layer = layerOf(2, 2);
  const params = drawn(layer);
  for (const n of [1, 2, 5, 50]) expect(layer.apply(params, normals(n, [n, n, 3])).shape).toEqual([n, n, 2]);
});

test.each(['f32', 'f64'] as const)('three layers of 30 nodes commute with relabelling, %s', (dtype) => {
  const layers = [
    [1, 16],
    [16, 16],
    [16, 4],
  ].map(([channelsIn, channelsOut]) => equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn, channelsOut, dtype }));
  const params = layers.map((layer, i) => layer.init(random.key(i)));
  const net = jit((x: Tensor) => layers.reduce((h, layer, i) => layer.apply(params[i], h).maximum(0), x));
  const x = normals(1, [30, 30, 1]).astype(dtype);
  const order = random.permutation(random.key(8), 30).toArray() as number[];
  const one = (y: Tensor) => layers[0].apply(params[0], y);
  const error = (f: (y: Tensor) => Tensor) =>
    difference(f(relabelled(x, [0, 1], order)), relabelled(f(x), [0, 1], order));
  expect(error(one)).toBeLessThan(dtype === 'f32' ? 1e-6 : 1e-14);
  expect(error(net)).toBeLessThan(dtype === 'f32' ? 1e-5 : 1e-12);
});

test.each([
  [2, 2],
  [2, 1],
  [1, 2],
  [3, 2],
] as const)('derivatives of %i -> %i agree with differences', (k, l) => {
  const layer = layerOf(k, l);
  const params = drawn(layer);
  const x = normals(2, [2, ...Array<number>(k).fill(3), 3]);
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
});

describe('node sets', () => {
  test('of a table: rows and columns relabelled on their own', () => {
    const layer = layerOf([1, 1], [1, 1]);
    const params = drawn(layer);
    const x = normals(3, [2, 4, 3, 3]);
    const y = layer.apply(params, x);
    const w = (i: number) => params.weight.at(i);
    const expected = x
      .matmul(w(0))
      .add(x.mean({ axis: 2, keepDims: true }).matmul(w(1)))
      .add(x.mean({ axis: 1, keepDims: true }).matmul(w(2)))
      .add(x.mean({ axis: [1, 2], keepDims: true }).matmul(w(3)))
      .add((params.bias as Tensor).at(0));
    expect(difference(y, expected)).toBeLessThan(1e-14);
    const move = (z: Tensor) => relabelled(relabelled(z, [1], [2, 3, 0, 1]), [2], [1, 2, 0]);
    expect(difference(layer.apply(params, move(x)), move(y))).toBeLessThan(1e-14);
  });

  test('with several axes and one absent axis', () => {
    const layer = layerOf([2, 1], [1, 0]);
    const params = drawn(layer);
    const x = normals(3, [4, 4, 5, 3]);
    const y = layer.apply(params, x);
    expect(y.shape).toEqual([4, 2]);
    const order = [3, 1, 0, 2];
    expect(
      difference(
        layer.apply(params, relabelled(relabelled(x, [0, 1], order), [2], [4, 0, 1, 3, 2])),
        relabelled(y, [0], order),
      ),
    ).toBeLessThan(1e-14);
    expect(difference(y, oneByOne(layer, params, x, {}).add(0))).toBeLessThan(1e-13);
  });

  test('with masks of their own', () => {
    const layer = layerOf([1, 1], [1, 1]);
    const params = drawn(layer);
    const x = normals(3, [4, 3, 3]);
    const padded = x.pad(
      [
        [0, 1],
        [0, 2],
        [0, 0],
      ],
      { value: Number.NaN },
    );
    const y = layer.apply(params, padded, {
      mask: [
        [1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0],
      ],
    });
    expect(difference(y.slice([0, 4], [0, 3]), layer.apply(params, x))).toBeLessThan(1e-14);
    expect(y.abs().sum().item()).toBeCloseTo(y.slice([0, 4], [0, 3]).abs().sum().item(), 12);
    const half = layer.apply(params, x, { mask: [null, [1, 1, 0]] });
    expect(
      difference(half.slice('...', [0, 2], [0, 2]), layer.apply(params, x.slice('...', [0, 2], [0, 3]))),
    ).toBeLessThan(1e-14);
  });
});

describe.each([0, Number.NaN, 1e30])('padding with %d', (value) => {
  const sizes = [3, 1, 5];
  const n = 5;
  const mask = tensor(sizes.map((size) => Array.from({ length: n }, (_, i) => (i < size ? 1 : 0))));

  test.each([
    [2, 2],
    [2, 1],
    [1, 2],
    [1, 1],
    [2, 0],
    [3, 2],
  ] as const)('%i -> %i: a padded batch gives what each graph gives alone', (k, l) => {
    const layer = layerOf(k, l);
    const params = drawn(layer);
    const graphs = sizes.map((size, i) => normals(i, [...Array<number>(k).fill(size), 3]));
    const batch = stack(
      graphs.map((x, i) => x.pad([...Array<[number, number]>(k).fill([0, n - sizes[i]]), [0, 0]], { value })),
    );
    const y = layer.apply(params, batch, { mask });
    graphs.forEach((x, i) => {
      const alone = layer.apply(params, x);
      const corner = y.at(i).slice(...Array<[number, number]>(l).fill([0, sizes[i]]), '...');
      expect(difference(corner, alone)).toBeLessThan(1e-14);
      expect(y.at(i).abs().sum().item()).toBeCloseTo(alone.abs().sum().item(), 10);
    });
    const [total, gradient] = valueAndGrad((x: Tensor) => layer.apply(params, x, { mask }).square().sum())(batch);
    expect(Number.isFinite(total.item())).toBe(true);
    const inside = grad((x: Tensor) => layer.apply(params, x).square().sum())(graphs[0]);
    expect(difference(gradient.at(0).slice(...Array<[number, number]>(k).fill([0, 3]), '...'), inside)).toBeLessThan(
      1e-12,
    );
    expect(gradient.at(0).abs().sum().item()).toBeCloseTo(inside.abs().sum().item(), 8);
  });
});

test('three layers with biases, then sums: a graph alone and padded to 10 nodes agree', () => {
  const layers = [1, 2, 3].map(() => layerOf(2, 2, { channelsOut: 3 }));
  const params = layers.map((layer, i) => drawn(layer, i));
  const run = (x: Tensor, options: object) =>
    layers.reduce((h, layer, i) => layer.apply(params[i], h, options).tanh(), x).sum({ axis: [0, 1] });
  const x = normals(4, [6, 6, 3]);
  const padded = x.pad(
    [
      [0, 4],
      [0, 4],
      [0, 0],
    ],
    { value: 7 },
  );
  const mask = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0];
  expect(difference(run(x, {}), run(padded, { mask }))).toBeLessThan(1e-12);
});

test('sums keep counts, means do not', () => {
  const sums = layerOf(1, 0, { normalize: 'sum', channelsIn: 1, channelsOut: 1, bias: false });
  const one = { weight: tensor([[[1]]], { dtype: 'f64' }) };
  expect(sums.apply(one, tensor([[1], [2], [3]])).toArray()).toEqual([6]);
  const means = layerOf(1, 0, { channelsIn: 1, channelsOut: 1, bias: false });
  expect(means.apply(one, tensor([[1], [2], [3]])).toArray()).toEqual([2]);
});

test('compiled and eager agree, and vmap over a batch is the batch', () => {
  const layer = layerOf(2, 2);
  const params = drawn(layer);
  const x = normals(4, [3, 4, 4, 3]);
  const eager = layer.apply(params, x);
  expect(difference(jit(layer.apply)(params, x), eager)).toBeLessThan(1e-14);
  const mask = tensor([
    [1, 1, 1, 0],
    [1, 1, 1, 1],
    [1, 0, 0, 0],
  ]);
  const compiled = jit((p: typeof params, at: Tensor, m: Tensor) => layer.apply(p, at, { mask: m }));
  expect(difference(compiled(params, x, mask), layer.apply(params, x, { mask }))).toBeLessThan(1e-14);
});

test('whole numbers, truth values, masks of truth values, and nodes told by the mask', () => {
  const layer = equivariantLinear({ orderIn: 2, orderOut: 1, channelsIn: 1, channelsOut: 2 });
  const params = layer.init(random.key(0));
  const adjacency = tensor([
    [0, 1, 0],
    [1, 0, 1],
    [0, 1, 0],
  ]).reshape([3, 3, 1]);
  const y = layer.apply(params, adjacency);
  expect(y.dtype).toBe('f32');
  for (const dtype of ['i32', 'bool'] as const)
    expect(difference(layer.apply(params, adjacency.astype(dtype)), y)).toBe(0);
  const mask = [true, true, false];
  expect(
    difference(layer.apply(params, adjacency, { mask }), layer.apply(params, adjacency, { mask: [1, 1, 0] })),
  ).toBe(0);
  const up = layerOf(0, 2);
  const weights = drawn(up);
  const x = normals(1, [2, 3]);
  const told = up.apply(weights, x, {
    mask: [
      [1, 1, 0],
      [1, 1, 1],
    ],
  });
  expect(difference(told.at(1), up.apply(weights, x.at(1), { nodes: 3 }))).toBeLessThan(1e-14);
  expect(told.at(0).slice([2, 3]).abs().sum().item()).toBe(0);
});

test('a padded batch of f32 agrees with single graphs to 1e-6', () => {
  const layer = equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn: 3, channelsOut: 4 });
  const params = layer.init(random.key(0));
  const x = normals(1, [20, 20, 3]).astype('f32');
  const padded = x.pad(
    [
      [0, 9],
      [0, 9],
      [0, 0],
    ],
    { value: 1e30 },
  );
  const mask = Array.from({ length: 29 }, (_, i) => (i < 20 ? 1 : 0));
  const alone = layer.apply(params, x);
  expect(
    difference(layer.apply(params, padded, { mask }).slice([0, 20], [0, 20]), alone) / alone.abs().max().item(),
  ).toBeLessThan(1e-6);
});

test('starts with variance 2 / (in + out) in every map', () => {
  const layer = equivariantLinear({ orderIn: 2, orderOut: 2, channelsIn: 60, channelsOut: 40 });
  const { weight } = layer.init(random.key(0));
  const deviations = (
    weight
      .square()
      .mean({ axis: [1, 2] })
      .sqrt()
      .toArray() as number[]
  ).map((value) => value / Math.sqrt(2 / 100));
  for (const ratio of deviations) expect(Math.abs(ratio - 1)).toBeLessThan(0.06);
});

describe('bad calls', () => {
  const layer = layerOf(2, 2);
  const params = drawn(layer);
  const x = normals(0, [2, 4, 4, 3]);
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  const loose = layer as any;

  test.each([
    ['a misspelt option', { orderin: 2 }, /Did you mean orderIn\?/],
    ['an order below 0', { orderIn: -1 }, /orderIn must be a whole number/],
    ['an unknown normalization', { normalize: 'avg' }, /'mean' or 'sum', got avg/],
    ['no channels', { channelsIn: 0 }, /channelsIn must be a whole number of at least 1/],
    ['another dtype', { dtype: 'f16' }, /'f32' or 'f64', got f16/],
    ['a bias that is no flag', { bias: 1 }, /bias must be true or false/],
    ['a limit that is none', { memoryLimit: 0 }, /memoryLimit must be a positive number/],
  ])('%s is named', (_what, wrong, message) => {
    const run = () =>
      equivariantLinear({
        orderIn: 2,
        orderOut: 2,
        channelsIn: 3,
        channelsOut: 2,
        ...wrong,
      } as EquivariantLinearOptions);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(message);
  });

  test('orders that would not fit memory are refused with figures, before anything is drawn', () => {
    const big = () => equivariantLinear({ orderIn: 6, orderOut: 6, channelsIn: 32, channelsOut: 32 });
    expect(big).toThrow(MemoryLimitError);
    expect(big).toThrow(
      /4213597 maps x 32 x 32 weights = 4,314,723,328 entries of 8 bytes .* the limit is 1,073,741,824/,
    );
    // Few channels, but more maps than can be listed.
    expect(() => equivariantLinear({ orderIn: 6, orderOut: 6, channelsIn: 1, channelsOut: 1 })).toThrow(
      /the list of 4213597 maps/,
    );
    expect(() => layerOf(100_000, 1)).toThrow(MemoryLimitError);
    const cubes = layerOf(1, 3, { memoryLimit: 1e6 });
    expect(() => cubes.apply(cubes.init(random.key(0)), normals(0, [100, 3]))).toThrow(
      /\[100, 100, 100, 2\] = 2,000,000 entries/,
    );
  });

  test('inputs of another shape', () => {
    expect(() => layer.apply(params, normals(0, [4, 5, 3]))).toThrow(LayerShapeError);
    expect(() => layer.apply(params, normals(0, [4, 4, 2]))).toThrow(/\[…, n, n, 3\], got \[4, 4, 2\]/);
    expect(() => layer.apply(params, normals(0, [4]))).toThrow(LayerShapeError);
    expect(() => loose.apply(params, [[1]])).toThrow(ArgumentError);
    expect(() => layerOf(0, 2).apply(drawn(layerOf(0, 2)), normals(0, [3]))).toThrow(/Give it in the option nodes/);
    expect(() => layer.apply(params, x, { nodes: 5 })).toThrow(LayerShapeError);
    expect(() => layer.apply(params, zeros([0, 0, 3]))).toThrow(EmptySetError);
  });

  test('masks', () => {
    expect(() => layer.apply(params, x, { mask: [1, 1, 1] })).toThrow(MaskError);
    for (const mask of [{}, 'all', [[1, 1], [1]]]) expect(() => loose.apply(params, x, { mask })).toThrow(MaskError);
    expect(() => layer.apply(params, x, { mask: normals(0, [2, 4]) })).toThrow(/expected a mask of 0 and 1, got/);
    expect(() =>
      layer.apply(params, x, {
        mask: [
          [1, 1, 0, 0],
          [0, 0, 0, 0],
        ],
      }),
    ).toThrow(EmptySetError);
    expect(() => loose.apply(params, x, { masks: [1, 1, 1, 1] })).toThrow(/Did you mean mask\?/);
    expect(() => layerOf([1, 1], [1, 1]).apply(params, x, { mask: [1, 1, 0] })).toThrow(MaskError);
  });

  test('NaN and infinity outside padding', () => {
    const spoilt = tensor([
      [[1], [2]],
      [[Number.NaN], [4]],
    ]);
    const small = equivariantLinear({ orderIn: 2, orderOut: 1, channelsIn: 1, channelsOut: 1 });
    const p = small.init(random.key(0));
    expect(() => small.apply(p, spoilt)).toThrow(NonFiniteInputError);
    expect(() => small.apply(p, spoilt)).toThrow(/got NaN at \[1, 0, 0\]/);
    expect(small.apply(p, spoilt, { mask: [1, 0] }).shape).toEqual([2, 1]);
  });

  test('parameters of another layer', () => {
    expect(() => layer.apply({ weight: params.weight }, x)).toThrow(/got none named bias/);
    expect(() => layer.apply(drawn(layerOf(2, 1)), x)).toThrow(ShapeError);
  });
});
