import {
  ArgumentError,
  concat,
  grad,
  jit,
  random,
  relu,
  ShapeError,
  type Tensor,
  tensor,
  tree,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  attentionPool,
  deepSets,
  EmptySetError,
  equivarianceError,
  LayerShapeError,
  MaskError,
  NonFiniteInputError,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
  poolByPattern,
  quadraticTransmission,
  type SetLayer,
  setAttention,
  transmission,
} from '../index.ts';
import { difference, normals, relabelled } from '../testing/arrays.ts';
import { slopeError } from '../testing/slopes.ts';
import { allPermutations } from '../testing/tuples.ts';

const key = random.key(7);
const f64 = 'f64' as const;
const narrow = { inputs: 3, hidden: [8, 8, 8], outputs: 2, activation: 'tanh', dtype: f64 } as const;
const layers: Record<string, SetLayer<never>> = {
  transmission: transmission({ inputs: 3, outputs: 2, dtype: f64 }),
  'transmission, context of a maximum': transmission({
    inputs: 3,
    outputs: 2,
    form: 'context',
    aggregate: 'max',
    bias: 'both',
    dtype: f64,
  }),
  quadraticTransmission: quadraticTransmission({ inputs: 3, outputs: 2, dtype: f64 }),
  pointNet: pointNet(narrow),
  pointNetST: pointNetST(narrow),
  pointNetQT: pointNetQT(narrow),
  pointNetSeg: pointNetSeg({ ...narrow, aggregate: 'max' }),
  deepSets: deepSets({ ...narrow, normalize: true }),
  'deepSets, attention': deepSets({ ...narrow, aggregate: 'attention', bias: 'both' }),
  setAttention: setAttention({ inputs: 3, heads: 3, norm: true, dtype: f64 }),
  'pointNet, pooled': pointNet({ ...narrow, pool: 'max', head: [5] }),
  'pointNetST, pooled': pointNetST({ ...narrow, pool: 'sum' }),
  'pointNetQT, pooled': pointNetQT({ ...narrow, pool: 'mean' }),
  'pointNetSeg, pooled': pointNetSeg({ ...narrow, pool: 'max', head: [4, 4] }),
  'deepSets, pooled': deepSets({ ...narrow, pool: 'sum', aggregate: 'sum' }),
  attentionPool: attentionPool({ inputs: 3, heads: 1, seeds: 2, dtype: f64 }),
} as Record<string, unknown> as Record<string, SetLayer<never>>;
const cases = Object.entries(layers);

const count = (params: unknown): number =>
  (tree.leaves(params) as Tensor[]).reduce((total, leaf) => total + leaf.size, 0);

describe.each(cases)('%s', (_, layer) => {
  const params = layer.init(key);

  test('every order of five points: the result moves along, or stays', () => {
    const cloud = normals(1, [5, 3]);
    const orders = allPermutations(5);
    const all = concat(
      orders.map((order) => relabelled(cloud, [0], order).expandDims(0)),
      0,
    );
    const here = layer.apply(params, cloud);
    const moved = layer.apply(params, all);
    const wanted = concat(
      orders.map((order) => (layer.orderOut === 0 ? here : relabelled(here, [0], order)).expandDims(0)),
      0,
    );
    expect(difference(moved, wanted)).toBeLessThan(1e-12);
  });

  test('equivariant in f64 and f32; as many parameters as it says', () => {
    expect(equivarianceError(layer, { input: normals(2, [2, 7, 3]), key }).max).toBeLessThan(1e-12);
    expect(equivarianceError(layer, { input: normals(2, [2, 7, 3]), key, dtype: 'f32' }).max).toBeLessThan(1e-5);
    expect(count(params)).toBe(layer.parameterCount);
  });

  test.each([0, Number.NaN, 1e30])(
    'padding with %f gives what each set gives alone, and no derivative to padding',
    (value) => {
      const sets = [normals(3, [3, 3]), normals(4, [1, 3]), normals(5, [4, 3])];
      const padded = sets.map((set) =>
        set.pad(
          [
            [0, 5 - set.shape[0]],
            [0, 0],
          ],
          { value },
        ),
      );
      const x = concat(
        padded.map((set) => set.expandDims(0)),
        0,
      );
      const mask = sets.map((set) => Array.from({ length: 5 }, (__, i) => (i < set.shape[0] ? 1 : 0)));
      const y = layer.apply(params, x, { mask });
      sets.forEach((set, i) => {
        const alone = layer.apply(params, set);
        const own = layer.orderOut === 0 ? y.at(i) : y.at(i).slice([0, set.shape[0]]);
        expect(difference(own, alone)).toBeLessThan(1e-13);
        if (layer.orderOut === 1 && set.shape[0] < 5)
          expect(y.at(i).slice([set.shape[0], null]).abs().max().item()).toBe(0);
      });
      const loss = (p: never, z: Tensor) => layer.apply(p, z, { mask }).square().sum();
      const [toParams, toX] = grad(loss, { argnums: [0, 1] })(params, x) as [unknown, Tensor];
      for (const leaf of tree.leaves(toParams) as Tensor[]) expect(Number.isFinite(leaf.abs().sum().item())).toBe(true);
      sets.forEach((set, i) => {
        const alone = grad((z: Tensor) => layer.apply(params, z).square().sum())(set);
        expect(difference(toX.at(i).slice([0, set.shape[0]]), alone)).toBeLessThan(1e-12);
        if (set.shape[0] < 5) expect(toX.at(i).slice([set.shape[0], null]).abs().max().item()).toBe(0);
      });
    },
  );

  test('derivatives are those of differences; compiled is eager', () => {
    const x = normals(6, [4, 3]);
    const mask = [1, 1, 1, 0];
    expect(slopeError((z) => layer.apply(params, z, { mask }).sin().sum(), x)).toBeLessThan(1e-6);
    const compiled = jit((p: never, z: Tensor, m: Tensor) => layer.apply(p, z, { mask: m }));
    expect(difference(compiled(params, x, tensor(mask)), layer.apply(params, x, { mask }))).toBeLessThan(1e-13);
    expect(
      Number.isFinite(
        compiled(params, x, tensor([0, 0, 0, 0]))
          .abs()
          .sum()
          .item(),
      ),
    ).toBe(true);
  });

  test('bad input is named', () => {
    const x = normals(1, [4, 3]);
    expect(() => layer.apply(params, normals(1, [4, 2]))).toThrow(LayerShapeError);
    expect(() => layer.apply(params, normals(1, [0, 3]))).toThrow(EmptySetError);
    expect(() => layer.apply(params, x, { mask: [0, 0, 0, 0] })).toThrow(EmptySetError);
    expect(() => layer.apply(params, x, { mask: [1, 1] })).toThrow(MaskError);
    expect(() => layer.apply(params, x, { mask: [1, 1, 0.5, 1] })).toThrow(MaskError);
    expect(() => layer.apply(params, x.mul(Number.NaN))).toThrow(NonFiniteInputError);
    expect(() => layer.apply(params, x, { masks: [1] } as never)).toThrow(/Did you mean mask\?/);
    expect(() => layer.apply({} as never, x)).toThrow(ArgumentError);
  });
});

test('sets {1, 2, 3} and {-1, -2} in one padded batch: mean, maximum and sum of each', () => {
  for (const value of [0, Number.NaN, 1e30]) {
    const x = tensor(
      [
        [1, 2, 3, value],
        [-1, -2, value, value],
      ],
      { dtype: f64 },
    ).expandDims(-1);
    const mask = [
      [1, 1, 1, 0],
      [1, 1, 0, 0],
    ];
    const values = { mean: [2, -1.5], max: [3, -1], sum: [6, -3] };
    for (const [name, expected] of Object.entries(values)) {
      const aggregate = name as keyof typeof values;
      expect(poolByPattern(x, { order: 1, reduce: aggregate, mask }).flatten().toArray()).toEqual(expected);
      const layer = transmission({ inputs: 1, outputs: 1, form: 'context', aggregate, bias: false, dtype: f64 });
      const params = { weight: tensor([[[0]], [[1]]], { dtype: f64 }) };
      expect(layer.apply(params, x, { mask }).slice('...', 0).toArray()).toEqual(
        mask.map((row, i) => row.map((flag) => (flag ? expected[i] : 0))),
      );
      const toX = grad((z: Tensor) => layer.apply(params, z, { mask }).sum())(x);
      mask.forEach((row, i) => {
        row.forEach((flag, j) => {
          if (!flag) expect(toX.at(i).at(j).item()).toBe(0);
        });
      });
    }
  }
});

test('both forms of the transmission layer are one map: A = W1 + W2, B = -W2', () => {
  const x = normals(1, [3, 6, 4]);
  const deviation = transmission({ inputs: 4, outputs: 5, dtype: f64 });
  const context = transmission({ inputs: 4, outputs: 5, form: 'context', dtype: f64 });
  const params = deviation.init(key);
  const [own, apart] = [params.weight.at(0), params.weight.at(1)];
  const weight = concat([own.add(apart).expandDims(0), apart.neg().expandDims(0)], 0);
  expect(difference(deviation.apply(params, x), context.apply({ ...params, weight }, x))).toBeLessThan(1e-14);
  const direct = x
    .matmul(own)
    .add(x.sub(x.mean({ axis: 1, keepDims: true })).matmul(apart))
    .add(params.bias as Tensor);
  expect(difference(deviation.apply(params, x), direct)).toBeLessThan(1e-14);
});

test('A = 0 and B = 1 give the mean in every row', () => {
  const x = normals(1, [6, 2]);
  const layer = transmission({ inputs: 2, outputs: 2, form: 'context', bias: false, dtype: f64 });
  const weight = tensor(
    [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ],
    { dtype: f64 },
  );
  expect(difference(layer.apply({ weight }, x), x.mean({ axis: 0 }).broadcastTo([6, 2]))).toBeLessThan(1e-15);
});

test('the quadratic layer holds m², mean(x²) and m x exactly', () => {
  const x = normals(1, [6, 2]);
  const mean = x.mean({ axis: 0 });
  const layer = quadraticTransmission({ inputs: 2, outputs: 2, bias: false, dtype: f64 });
  const one = [
    [1, 0],
    [0, 1],
  ];
  const none = [
    [0, 0],
    [0, 0],
  ];
  const expected = [
    x,
    x.sub(mean),
    mean.square().broadcastTo([6, 2]),
    x.square().mean({ axis: 0 }).broadcastTo([6, 2]),
    mean.mul(x),
  ];
  expected.forEach((value, term) => {
    const weight = tensor(
      expected.map((_, i) => (i === term ? one : none)),
      { dtype: f64 },
    );
    expect(difference(layer.apply({ weight }, x), value)).toBeLessThan(1e-15);
  });
});

test('rows of PointNet do not see each other, to the last bit; one transmission layer is enough that they do', () => {
  const x = random.normal(key, [9, 4]);
  const other = concat([x.slice([0, 8]), x.slice([8, null]).add(3)], 0);
  const options = { inputs: 4, hidden: [50, 50, 50, 50, 50], outputs: 1 };
  const alone = pointNet(options);
  const params = alone.init(key);
  const row = (y: Tensor) => y.slice([0, 8]).flatten().toArray();
  expect(row(alone.apply(params, other))).toEqual(row(alone.apply(params, x)));
  const mixed = pointNetST(options);
  const weights = mixed.init(key);
  expect(row(mixed.apply(weights, other))).not.toEqual(row(mixed.apply(weights, x)));
});

test('parameters at depth 6, width 50 and 4 inputs, as in the experiments of the paper', () => {
  const options = { inputs: 4, hidden: [50, 50, 50, 50, 50], outputs: 1 };
  const counts = [pointNet, pointNetST, pointNetSeg, pointNetQT, deepSets].map((make) => make(options).parameterCount);
  expect(counts).toEqual([10_501, 13_001, 13_001, 20_501, 20_751]);
});

test('one transmission layer represents the variance of a set: Σ (x - c)² in every row', () => {
  // Squares by a hidden layer are approximate; the sum of a linear function of them is exact: y = mean over the set of relu features.
  const net = pointNetST({ inputs: 1, hidden: [2], outputs: 1, transmissionAt: 1, form: 'context', dtype: f64 });
  const params = {
    layers: [
      { weight: tensor([[[1, -1]]], { dtype: f64 }), bias: tensor([0, 0], { dtype: f64 }) },
      {
        weight: tensor(
          [
            [[0], [0]],
            [[1], [1]],
          ],
          { dtype: f64 },
        ),
        bias: tensor([0], { dtype: f64 }),
      },
    ],
  };
  const x = normals(2, [5, 1]);
  const expected = relu(x).add(relu(x.neg())).mean({ axis: 0 }).broadcastTo([5, 1]);
  expect(difference(net.apply(params, x), expected)).toBeLessThan(1e-15);
});

test('attention in a set by hand: softmax over j of key(x_i) · tanh(query(x_j)) / √size', () => {
  const net = deepSets({ inputs: 21, hidden: [], outputs: 2, aggregate: 'attention', dtype: f64 });
  const { layers: made } = net.init(key);
  const [{ weight, bias, query, key: keys }] = made as [Required<(typeof made)[0]>];
  const x = normals(3, [4, 21]);
  const linear = (p: typeof query) => x.matmul(p.weight).add(p.bias as Tensor);
  expect(query.weight.shape).toEqual([21, 2]);
  const scores = linear(keys).matmul(linear(query).tanh().transpose()).div(Math.SQRT2);
  const weights = scores.exp().div(scores.exp().sum({ axis: 1, keepDims: true }));
  const expected = x
    .matmul(weight.at(0))
    .add(weights.matmul(x).matmul(weight.at(1)))
    .add(bias);
  expect(difference(net.apply({ layers: made }, x), expected)).toBeLessThan(1e-13);
});

test('elements of length 0 stay 0 with normalization, with finite derivatives', () => {
  const net = deepSets({ ...narrow, activation: 'relu', normalize: true, bias: false });
  const params = net.init(key);
  const zero = tensor(
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    { dtype: f64 },
  );
  expect(net.apply(params, zero).abs().max().item()).toBe(0);
  const toX = grad((z: Tensor) => net.apply(params, z).sum())(zero);
  expect(Number.isFinite(toX.abs().sum().item())).toBe(true);
});

test('bad options are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
  const [st, seg, layer, attend, sets] = [pointNetST, pointNetSeg, transmission, setAttention, deepSets] as any[];
  expect(() => st({ ...narrow, transmisionAt: 1 })).toThrow(/Did you mean transmissionAt\?/);
  expect(() => st({ ...narrow, transmissionAt: 4 })).toThrow(/layer of the 4 on elements/);
  expect(() => st({ ...narrow, hidden: 3 })).toThrow(/list of widths/);
  expect(() => st({ ...narrow, hidden: [0] })).toThrow(ArgumentError);
  expect(() => st({ ...narrow, pool: 'avg' })).toThrow(/'mean' or 'sum' or 'max'/);
  expect(() => st({ ...narrow, head: [3] })).toThrow(/without pool/);
  expect(() => st({ ...narrow, hidden: [], pool: 'max' })).toThrow(/hidden layer before pool/);
  expect(() => sets({ ...narrow, aggregate: 'attention', form: 'context' })).toThrow(/Leave form out/);
  expect(() => seg({ ...narrow, joinedAt: 0 })).toThrow(ArgumentError);
  expect(() => layer({ inputs: 2, outputs: 2, form: 'mean' })).toThrow(/form must be/);
  expect(() => layer({ inputs: 2, outputs: 2, bias: 'yes' })).toThrow(/bias must be/);
  expect(() => layer({ inputs: 2 })).toThrow(ArgumentError);
  expect(() => attend({ inputs: 3, heads: 2 })).toThrow(/divide/);
  const made = transmission({ inputs: 2, outputs: 2 });
  const params = made.init(key);
  expect(() => transmission({ inputs: 2, outputs: 3 }).apply(params, normals(1, [3, 2]))).toThrow(ShapeError);
});
