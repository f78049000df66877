import {
  ArgumentError,
  concat,
  defaultDevice,
  grad,
  jit,
  random,
  relu,
  type Tensor,
  tensor,
  tree,
  where,
} from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import {
  equivarianceError,
  LayerShapeError,
  lrga,
  lrgaBlock,
  MaskError,
  NonFiniteInputError,
  randomNodeFeatures,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';
import { slopeError } from '../testing/slopes.ts';

const key = random.key(11);
const f64 = 'f64' as const;
const layer = lrga({ inputs: 3, rank: 4, dtype: f64 });
const drawn = layer.init(key);
const params = { weight: drawn.weight, bias: normals(8, [16]).mul(0.3) };
const scales = (column: number, factor: number) =>
  tensor(
    [0, 1, 2, 3].flatMap((part) => Array<number>(4).fill(part === column ? factor : 1)),
    { dtype: f64 },
  );

/** U Vᵀ / η as a matrix, then times Z. */
function dense(x: Tensor): Tensor {
  const features = relu(x.matmul(params.weight).add(params.bias));
  const [u, v, z, t] = [0, 1, 2, 3].map((i) => features.slice('...', [4 * i, 4 * i + 4]));
  const n = x.shape[0];
  const eta = u
    .sum({ axis: 0 })
    .mul(v.sum({ axis: 0 }))
    .sum()
    .div(n)
    .add(1e-6);
  return concat([u.matmul(v.transpose()).div(eta).matmul(z), t], -1);
}

test('the dense form, U Vᵀ / η times Z, beside T', () => {
  const x = normals(1, [9, 3]);
  const y = layer.apply(params, x);
  expect(difference(y, dense(x))).toBeLessThan(1e-12);
  const narrow = (p: typeof params) => tree.map((leaf: Tensor) => leaf.astype('f32'), p) as typeof params;
  const small = layer.apply(narrow(params), x.astype('f32'));
  expect(difference(small.astype(f64), y)).toBeLessThan(1e-5 * y.abs().max().item());
});

test('equivariant; padded and flat batches are the graphs one by one; derivatives of differences', () => {
  expect(equivarianceError(layer, { input: normals(1, [2, 7, 3]), key, params }).max).toBeLessThan(1e-12);
  expect(equivarianceError(layer, { input: normals(1, [7, 3]), key, params, dtype: 'f32' }).max).toBeLessThan(1e-5);
  const graphs = [normals(2, [4, 3]), normals(3, [1, 3]), normals(4, [6, 3])];
  const alone = graphs.map((x) => layer.apply(params, x));
  const padded = concat(
    graphs.map((x) =>
      x
        .pad(
          [
            [0, 6 - x.shape[0]],
            [0, 0],
          ],
          { value: Number.NaN },
        )
        .expandDims(0),
    ),
    0,
  );
  const mask = graphs.map((x) => Array.from({ length: 6 }, (_, i) => i < x.shape[0]));
  const y = layer.apply(params, padded, { mask });
  alone.forEach((one, g) => {
    const n = one.shape[0];
    expect(difference(y.at(g).slice([0, n]), one)).toBeLessThan(1e-12);
    if (n < 6) expect(y.at(g).slice([n, 6]).abs().max().item()).toBe(0);
  });

  const flat = concat(graphs, 0);
  const graphOf = Int32Array.from([0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]);
  const wanted = concat(alone, 0);
  for (const of of [graphOf, [...graphOf], tensor(graphOf)]) {
    const batch = { graphs: 4, graphOf: of };
    expect(difference(layer.apply(params, flat, { batch }), wanted)).toBeLessThan(1e-12);
    expect(slopeError((z) => layer.apply(params, z, { batch }).square().sum(), flat)).toBeLessThan(1e-6);
  }
  const order = [5, 0, 10, 4, 1, 6, 2, 9, 3, 7, 8];
  const mixed = { graphs: 3, graphOf: Int32Array.from(order, (i) => graphOf[i]) };
  expect(
    difference(layer.apply(params, relabelled(flat, [0], order), { batch: mixed }), relabelled(wanted, [0], order)),
  ).toBeLessThan(1e-12);

  const compiled = jit((p: typeof params, x: Tensor, of: Tensor) =>
    layer.apply(p, x, { batch: { graphs: 3, graphOf: of } }),
  );
  expect(difference(compiled(params, flat, tensor(graphOf)), wanted)).toBeLessThan(1e-12);
  expect(
    slopeError(
      (w) =>
        layer
          .apply({ ...params, weight: w }, graphs[0])
          .square()
          .sum(),
      params.weight,
    ),
  ).toBeLessThan(1e-6);
  const toPadding = grad((x: Tensor) => layer.apply(params, x, { mask }).square().sum())(padded);
  expect(toPadding.at(1).slice([1, 6]).abs().max().item()).toBe(0);
});

test('a flat batch filled up to a size of its own: padding counts in no graph, is 0, and gets no derivative', () => {
  const graphOf = Int32Array.from([0, 0, 0, 1, 1, 2, 2, 2, 2]);
  const x = normals(6, [9, 3]);
  const wanted = layer.apply(params, x, { batch: { graphs: 3, graphOf } });
  const filled = concat(
    [x.slice([0, 4]), tensor([[Number.NaN, 1e30, 5]], { dtype: f64 }), x.slice([4, 9]), normals(7, [2, 3])],
    0,
  );
  const mask = [1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0];
  const of = Int32Array.from([0, 0, 0, 1, 0, 1, 2, 2, 2, 2, 0, 2]);
  const real = mask.flatMap((one, node) => (one ? [node] : []));
  // Few columns make sums of outer products cheaper than padding; many the other way round.
  const call = (z: Tensor, graphs: Int32Array | Tensor) =>
    layer.apply(params, z, { batch: { graphs: 3, graphOf: graphs }, mask });
  for (const given of [of, tensor(of)]) {
    const y = call(filled, given);
    expect(difference(y.take(Int32Array.from(real)), wanted)).toBeLessThan(1e-12);
    expect(
      y
        .take(Int32Array.of(4, 10, 11))
        .abs()
        .max()
        .item(),
    ).toBe(0);
    const slopes = grad((z: Tensor) => call(z, given).square().sum())(filled);
    expect(
      slopes
        .take(Int32Array.of(4, 10, 11))
        .abs()
        .max()
        .item(),
    ).toBe(0);
  }
  const compiled = jit((z: Tensor, graphs: Tensor, flags: Tensor) =>
    layer.apply(params, z, { batch: { graphs: 3, graphOf: graphs }, mask: flags }),
  );
  const padding = where(tensor(mask).equal(0).expandDims(-1), 3, filled);
  expect(difference(compiled(padding, tensor(of), tensor(mask)).take(Int32Array.from(real)), wanted)).toBeLessThan(
    1e-12,
  );
});

test('uneven flat batches, where padding would be larger than the sums, agree too', () => {
  const sizes = [60, ...Array<number>(40).fill(1)];
  const graphOf = Int32Array.from(sizes.flatMap((n, g) => Array<number>(n).fill(g)));
  const x = normals(5, [100, 3]);
  const y = layer.apply(params, x, { batch: { graphs: 41, graphOf } });
  expect(difference(y.slice([0, 60]), layer.apply(params, x.slice([0, 60])))).toBeLessThan(1e-12);
  expect(difference(y.slice([70, 71]), layer.apply(params, x.slice([70, 71])))).toBeLessThan(1e-12);
});

test('no features, or none above 0: exactly 0, with finite derivatives', () => {
  const zero = { weight: params.weight, bias: params.bias.mul(0) };
  const x = normals(1, [5, 3]).mul(0);
  for (const [p, input] of [
    [zero, x],
    [{ ...zero, bias: zero.bias.sub(50) }, normals(1, [5, 3])],
  ] as const) {
    expect(layer.apply(p, input).abs().max().item()).toBe(0);
    const slopes = grad((q: typeof params) => layer.apply(q, input).sum())(p);
    for (const leaf of tree.leaves(slopes) as Tensor[]) expect(Number.isFinite(leaf.abs().sum().item())).toBe(true);
  }
});

test('a factor on the columns of U or V changes nothing but by the 1e-6; constant nodes give constant rows', () => {
  const x = normals(1, [6, 3]);
  const first = (p: typeof params) => layer.apply(p, x).slice('...', [0, 4]);
  for (const column of [0, 1]) {
    const factors = scales(column, 7);
    const scaled = { weight: params.weight.mul(factors), bias: params.bias.mul(factors) };
    const change = difference(first(scaled), first(params));
    expect(change).toBeLessThan(1e-5);
    const exact = lrga({ inputs: 3, rank: 4, epsilon: 0, dtype: f64 });
    const slice = (p: typeof params) => exact.apply(p, x).slice('...', [0, 4]);
    expect(difference(slice(scaled), slice(params))).toBeLessThan(1e-13);
  }
  const same = layer.apply(params, normals(1, [1, 3]).broadcastTo([6, 3]));
  expect(difference(same, same.slice([0, 1]).broadcastTo([6, 8]))).toBeLessThan(1e-14);
});

test('memory grows with the nodes, not with their pairs', () => {
  const [n, rank] = [20_000, 8];
  const wide = lrga({ inputs: 4, rank });
  const weights = wide.init(key);
  const x = random.normal(key, [n, 4]);
  const before = defaultDevice().memory().reservedBytes;
  grad((p: typeof weights) => wide.apply(p, x).square().sum())(weights);
  const batch = { graphs: 2, graphOf: Int32Array.from({ length: n }, (_, i) => (i < 10 ? 0 : 1)) };
  grad((p: typeof weights) => wide.apply(p, x, { batch }).square().sum())(weights);
  expect(defaultDevice().memory().reservedBytes - before).toBeLessThan((n * n * 4) / 10);
});

test('dropout only with a key', () => {
  const dropping = lrga({ inputs: 3, rank: 4, dropout: 0.5, dtype: f64 });
  const x = normals(1, [50, 3]);
  expect(difference(dropping.apply(params, x), layer.apply(params, x))).toBe(0);
  const y = dropping.apply(params, x, { key });
  expect(difference(y, dropping.apply(params, x, { key }))).toBe(0);
  const share = y.equal(0).astype(f64).mean().item() - layer.apply(params, x).equal(0).astype(f64).mean().item();
  expect(share).toBeGreaterThan(0.1);
});

test('the block beside a local layer: BatchNorm(relu(M [LRGA, relu(local), x])) over real nodes', () => {
  const block = lrgaBlock({ inputs: 3, local: 5, outputs: 6, rank: 4, dtype: f64 });
  const weights = block.init(key);
  const state = block.initState();
  const [x, local] = [normals(1, [7, 3]), normals(2, [7, 5])];
  const joined = concat([layer.apply(weights.attention, x), relu(local), x], -1);
  const h = relu(joined.matmul(weights.mix.weight).add(weights.mix.bias as Tensor));
  const mean = h.mean({ axis: 0 });
  const wanted = h.sub(mean).mul(h.sub(mean).square().mean({ axis: 0 }).add(1e-5).rsqrt());
  const [y, next] = block.apply(weights, state, x, local, { training: true });
  expect(difference(y, wanted)).toBeLessThan(1e-12);
  expect(difference(next.norm?.mean as Tensor, mean.mul(0.1))).toBeLessThan(1e-14);

  const pad = (z: Tensor) =>
    z.pad(
      [
        [0, 2],
        [0, 0],
      ],
      { value: Number.NaN },
    );
  const mask = [1, 1, 1, 1, 1, 1, 1, 0, 0];
  const [padded, same] = block.apply(weights, state, pad(x), pad(local), { training: true, mask });
  expect(difference(padded.slice([0, 7]), y)).toBeLessThan(1e-12);
  expect(padded.slice([7, 9]).abs().max().item()).toBe(0);
  expect(difference(same.norm?.variance as Tensor, next.norm?.variance as Tensor)).toBeLessThan(1e-13);
  const [still, unchanged] = block.apply(weights, next, x, local, { training: false });
  expect(still.shape).toEqual([7, 6]);
  expect(unchanged).toEqual(next);

  const last = lrgaBlock({ inputs: 3, local: 5, outputs: 6, rank: 4, norm: false, skip: false, dtype: f64 });
  const own = last.init(key);
  const [z] = last.apply(own, {}, x, local, { training: true, batch: { graphs: 2, graphOf: [0, 0, 0, 1, 1, 1, 1] } });
  const [part] = last.apply(own, {}, x.slice([0, 3]), local.slice([0, 3]), { training: true });
  expect(difference(z.slice([0, 3]), part)).toBeLessThan(1e-12);
});

test('random features tell a hexagon from two triangles in distribution, and two calls differ', () => {
  const cycle = (size: number) => (i: number) => [
    Math.floor(i / size) * size + ((i + 1) % size),
    Math.floor(i / size) * size + ((i + size - 1) % size),
  ];
  const ones = normals(1, [6, 1]).mul(0).add(1);
  const one = randomNodeFeatures(key, ones, { count: 2 });
  expect(one.shape).toEqual([6, 3]);
  expect(difference(one.slice('...', [0, 1]), ones)).toBe(0);
  expect(difference(one, randomNodeFeatures(random.key(12), ones, { count: 2 }))).toBeGreaterThan(0.1);
  // Products over both neighbours: x_(i-1) x_(i+1), squared, against the same of the node two steps on.
  const statistic = (size: number) => {
    const draws = random.normal(random.key(13), [4000, 6], { dtype: f64 });
    const near = (k: number) =>
      draws.take(Int32Array.from({ length: 6 }, (_, i) => cycle(size)(i)[k]) as never, { axis: 1 });
    const messages = near(0).add(near(1));
    return messages
      .mul(messages.take(Int32Array.from({ length: 6 }, (_, i) => cycle(size)(i)[0]) as never, { axis: 1 }))
      .mean()
      .item();
  };
  expect(Math.abs(statistic(6) - statistic(3))).toBeGreaterThan(0.5);
  const uniform = randomNodeFeatures(key, ones, { count: 50, distribution: 'uniform' });
  expect(uniform.abs().max().item()).toBeLessThanOrEqual(1);
  expect(() => randomNodeFeatures(key, ones, { counts: 2 } as never)).toThrow(/Did you mean count\?/);
});

test('graphs of nodes come as any list of whole numbers, and all are checked where they are known', () => {
  const x = normals(1, [4, 3]);
  const graphOf = [0, 2, 2, 0];
  const expected = layer.apply(params, x, { batch: { graphs: 3, graphOf } });
  const lists = (numbers: number[]) => [
    numbers,
    Int32Array.from(numbers),
    Uint8Array.from(numbers),
    Float64Array.from(numbers),
    tensor(numbers),
    tensor(numbers, { dtype: 'i32' }),
  ];
  for (const given of lists(graphOf)) {
    expect(difference(layer.apply(params, x, { batch: { graphs: 3, graphOf: given } }), expected)).toBeLessThan(1e-14);
  }
  for (const given of lists([0, 2, 3, 0])) {
    expect(() => layer.apply(params, x, { batch: { graphs: 3, graphOf: given } })).toThrow(
      /expected graphs 0 to 2 in graphOf, got 3 at node 2/,
    );
  }
});

test('bad calls are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
  const [make, build] = [lrga, lrgaBlock] as any[];
  const x = normals(1, [3, 3]);
  expect(() => make({ inputs: 3, rang: 4 })).toThrow(/Did you mean rank\?/);
  expect(() => make({ inputs: 3, rank: 0 })).toThrow(ArgumentError);
  expect(() => make({ inputs: 3, rank: 2, dropout: 1 })).toThrow(/dropout/);
  expect(() => layer.apply(params, normals(1, [3, 2]))).toThrow(LayerShapeError);
  expect(() => layer.apply(params, x, { mask: [1, 1] })).toThrow(MaskError);
  expect(() => layer.apply(params, x.mul(Number.NaN))).toThrow(NonFiniteInputError);
  expect(() => layer.apply(params, x, { batch: { graphs: 1, graphOf: [0, 0] } })).toThrow(LayerShapeError);
  expect(() => layer.apply(params, x, { batch: { graphs: 1, graphOf: [0, 1, 0] } })).toThrow(/got 1 at node 1/);
  expect(() => layer.apply(params, x, { batch: { graphs: 1 } as never })).toThrow(ArgumentError);
  expect(() => layer.apply(params, x.expandDims(0), { batch: { graphs: 1, graphOf: [0, 0, 0] } })).toThrow(
    /a mask alone/,
  );
  expect(() => build({ inputs: 3, local: 2, outputs: 2, rank: 2, skips: true })).toThrow(/Did you mean skip\?/);
  const block = lrgaBlock({ inputs: 3, local: 2, outputs: 2, rank: 2, dtype: f64 });
  const weights = block.init(key);
  expect(() => block.apply(weights, block.initState(), x, x, { training: true })).toThrow(LayerShapeError);
  expect(() => block.apply(weights, block.initState(), x, normals(1, [3, 2]), {} as never)).toThrow(/training/);
});
