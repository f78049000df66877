import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import * as nn from '../index.ts';

const numbers = (t: Tensor): number[] => [...t.dataSync()];
const largest = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe.each(ff.devices())('layers on %s', (device) => {
  const key = (seed: number): Tensor => random.key(seed, { device });
  const dtype = 'f64';
  const normal = (seed: number, shape: number[]): Tensor => random.normal(key(seed), shape, { dtype });

  it('batchNorm counts only what the mask keeps', () => {
    const norm = nn.batchNorm({ size: 3, dtype });
    const params = norm.init(key(0));
    const state = norm.initState(key(0));
    const x = normal(1, [2, 4, 3]);
    const counts = [4, 2];
    const mask = tensor(
      counts.map((n) => [0, 1, 2, 3].map((i) => i < n)),
      { device },
    );
    const kept = ff.concat([x.slice(0), x.slice(1).slice([0, 2])], 0);
    const [masked, maskedState] = norm.apply(params, state, x, { training: true, mask });
    const [plain, plainState] = norm.apply(params, state, kept, { training: true });
    expect(largest(ff.concat([masked.slice(0), masked.slice(1).slice([0, 2])], 0), plain)).toBeLessThan(1e-12);
    expect(largest(maskedState.mean, plainState.mean)).toBeLessThan(1e-12);
    expect(largest(maskedState.variance, plainState.variance)).toBeLessThan(1e-12);
    // Padding may hold anything.
    const spoilt = ff.where(mask.expandDims(-1), x, Number.NaN);
    const [, spoiltState] = norm.apply(params, state, spoilt, { training: true, mask });
    expect(numbers(spoiltState.variance)).toEqual(numbers(maskedState.variance));
    const [, untouched] = norm.apply(params, maskedState, x, { training: true, mask: mask.logicalAnd(false) });
    expect(numbers(untouched.mean)).toEqual(numbers(maskedState.mean));
  });

  it('batchNorm carries its state through a jitted scan, and has the derivative of its formula', () => {
    const norm = nn.batchNorm({ size: 2, dtype });
    const params = norm.init(key(0));
    const xs = normal(2, [5, 6, 2]).mul(3).add(1);
    const run = ff.jit((batches: Tensor) =>
      ff.scan(
        (state: nn.BatchNormState, x: Tensor): [nn.BatchNormState, null] => [
          norm.apply(params, state, x, { training: true })[1],
          null,
        ],
        norm.initState(key(0)),
        batches,
      ),
    );
    const [state] = run(xs);
    let expected = norm.initState(key(0));
    for (let i = 0; i < 5; i++) [, expected] = norm.apply(params, expected, xs.slice(i), { training: true });
    expect(largest(state.mean, expected.mean)).toBeLessThan(1e-12);
    const loss = (x: Tensor): Tensor => norm.apply(params, expected, x, { training: true })[0].pow(3).sum();
    const x = xs.slice(0);
    const at = (delta: number): number =>
      loss(x.add(tensor([[delta, 0], ...Array(5).fill([0, 0])], { dtype, device }))).item();
    const gradient = (ff.grad(loss)(x) as Tensor).slice(0, 0).item();
    expect(gradient).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 6);
  });

  it('dropout keeps the mean, depends on the key alone, and is nothing without one', () => {
    const x = ff.ones([20_000], { dtype, device });
    const y = nn.dropout(key(0), x, { rate: 0.25 });
    expect(new Set(numbers(y))).toEqual(new Set([0, 1 / 0.75]));
    // Five standard deviations of the mean.
    expect(Math.abs(y.mean().item() - 1)).toBeLessThan(5 * Math.sqrt(0.25 / 0.75 / 20_000));
    expect(numbers(nn.dropout(key(0), x, { rate: 0.25 }))).toEqual(numbers(y));
    expect(nn.dropout(null, x, { rate: 0.25 })).toBe(x);
    expect(() => nn.dropout(key(0), x, { rate: 1 })).toThrow(/rate must lie in \[0, 1\), got 1/);
    expect(() => nn.dropout(undefined as never, x, { rate: 0.5 })).toThrow(/expected key as a tensor/);
  });

  it('attention gives 0 where nothing is seen, with finite derivatives', () => {
    const [q, k, v] = [1, 2, 3].map((seed) => normal(seed, [3, 4]));
    const mask = tensor([[true], [false], [true]], { device });
    const y = nn.attention(q, k, v, { mask });
    expect(numbers(y.slice(1))).toEqual([0, 0, 0, 0]);
    expect(largest(y.slice(0), nn.attention(q, k, v).slice(0))).toBe(0);
    const gradient = ff.grad((x: Tensor) => nn.attention(x, x, x, { mask }).square().sum())(q) as Tensor;
    expect(numbers(gradient).every(Number.isFinite)).toBe(true);
    // Keys that no query sees may hold anything, but for NaN in values.
    const hidden = tensor([[true, true, false]], { device });
    const far = k.add(tensor([[0], [0], [1e200]], { dtype, device }));
    expect(largest(nn.attention(q, far, v, { mask: hidden }), nn.attention(q, k, v, { mask: hidden }))).toBe(0);
  });

  it('a transformer is equivariant under permutations, and blind to masked rows', () => {
    const net = nn.transformer({ inputs: 4, heads: 2, depth: 2, dtype });
    const params = net.init(key(4));
    const x = normal(5, [5, 4]);
    const order = tensor([3, 1, 4, 0, 2], { dtype: 'i32', device });
    expect(largest(net.apply(params, x.take(order)), net.apply(params, x).take(order))).toBeLessThan(1e-12);
    const mask = tensor([[true, true, true, false, false]], { device });
    const changed = ff.concat([x.slice([0, 3]), normal(6, [2, 4])], 0);
    const [a, b] = [x, changed].map((each) => net.apply(params, each, { mask }).slice([0, 3]));
    expect(largest(a, b)).toBe(0);
    const causal = [x, changed].map((each) => net.apply(params, each, { causal: true }).slice([0, 3]));
    expect(largest(causal[0], causal[1])).toBeLessThan(1e-12);
  });

  it('dropout of networks needs a key, and is drawn anew for each', () => {
    const net = nn.transformer({ inputs: 4, heads: 2, depth: 1, dropout: 0.5, dtype });
    const params = net.init(key(4));
    const x = normal(5, [5, 4]);
    const plain = net.apply(params, x);
    expect(largest(plain, net.apply(params, x, { key: null }))).toBe(0);
    expect(largest(plain, net.apply(params, x, { key: key(1) }))).toBeGreaterThan(0);
    expect(largest(net.apply(params, x, { key: key(1) }), net.apply(params, x, { key: key(1) }))).toBe(0);
    const deep = nn.residualMlp({ inputs: 4, outputs: 4, width: 8, depth: 2, dropout: 0.5, dtype });
    const weights = deep.init(key(1));
    expect(largest(deep.apply(weights, x), deep.apply(weights, x, { key: key(2) }))).toBeGreaterThan(0);
  });

  it('embedding takes rows, and marks indices outside the table', () => {
    const table = nn.embedding({ count: 3, size: 2, dtype });
    const params = table.init(key(0));
    const rows = params.table.toArray() as number[][];
    const at = (indices: number[][]): Tensor => table.apply(params, tensor(indices, { dtype: 'i32', device }));
    expect(at([[2, 0]]).toArray()).toEqual([[rows[2], rows[0]]]);
    expect(numbers(at([[-1, 3]]))).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    const gradient = ff.grad((p: nn.EmbeddingParams) => table.apply(p, tensor([1, 1], { dtype: 'i32', device })).sum())(
      params,
    ) as nn.EmbeddingParams;
    expect(gradient.table.toArray()).toEqual([
      [0, 0],
      [2, 2],
      [0, 0],
    ]);
    expect(() => table.apply(params, tensor([0.5], { device }))).toThrow(/expected integer indices.*got f32/);
  });

  it('an mlp with skips of the same width has the widths that are asked for', () => {
    const net = nn.mlp({ inputs: 3, hidden: [8, 8, 8], outputs: 1, skips: [2], skipWidth: 'same', dtype });
    const shapes = net.init(key(0)).layers.map(({ weight }) => weight.shape);
    expect(shapes).toEqual([
      [3, 8],
      [8, 5],
      [8, 8],
      [8, 1],
    ]);
    expect(() => nn.mlp({ inputs: 3, hidden: [3, 8], outputs: 1, skips: [1], skipWidth: 'same' })).toThrow(
      /hidden\[0\], less the 3 inputs that the skip joins to it/,
    );
  });

  it('takes one activation for each hidden layer', () => {
    const net = nn.mlp({ inputs: 2, hidden: [3, 3], outputs: 2, activation: ['tanh', (x) => x.mul(2)], dtype });
    const params = net.init(key(0));
    const x = normal(1, [4, 2]);
    const [a, b, c] = params.layers.map(
      (p, i) =>
        (h: Tensor): Tensor =>
          nn.linear({ inputs: [2, 3, 3][i], outputs: [3, 3, 2][i], dtype }).apply(p, h),
    );
    expect(largest(net.apply(params, x), c(b(a(x).tanh()).mul(2)))).toBeLessThan(1e-14);
    expect(() => nn.mlp({ inputs: 2, hidden: [3], outputs: 2, activation: ['tanh', 'relu'] })).toThrow(
      /a list of 1 for the hidden layers, got a list of 2/,
    );
  });

  it('weight normalization starts at the same function, and its directions have no length', () => {
    const options = { inputs: 3, hidden: [4], outputs: 2, dtype } as const;
    const plain = nn.mlp(options);
    const normed = nn.mlp({ ...options, weightNorm: true });
    const x = normal(1, [5, 3]);
    const params = normed.init(key(3));
    expect(largest(plain.apply(plain.init(key(3)), x), normed.apply(params, x))).toBeLessThan(1e-14);
    const longer = { layers: params.layers.map((p) => ({ ...p, weight: p.weight.mul(7) })) };
    expect(largest(normed.apply(longer, x), normed.apply(params, x))).toBeLessThan(1e-14);
    const zero = { layers: params.layers.map((p) => ({ ...p, weight: p.weight.mul(0) })) };
    const gradient = ff.grad((p: typeof params) => normed.apply(p, x).square().sum())(zero);
    expect(tree.leaves<Tensor>(gradient).every((leaf) => numbers(leaf).every(Number.isFinite))).toBe(true);
  });

  it('a residual network whose blocks end in zeros is its first and last layer', () => {
    const { zeros } = nn.initializers;
    const net = nn.residualMlp({
      inputs: 3,
      outputs: 2,
      width: 4,
      depth: 3,
      condition: 2,
      blockWeightInit: zeros,
      biasInit: zeros,
      dtype,
    });
    const params = net.init(key(0));
    const x = normal(1, [6, 3]);
    const h = x.matmul(params.input.weight);
    const norm = nn.layerNorm({ size: 4, dtype });
    const expected = norm.apply(params.norm, h).matmul(params.output.weight);
    expect(largest(net.apply(params, x, { condition: normal(2, [6, 2]) }), expected)).toBeLessThan(1e-12);
    expect(() => net.apply(params, x)).toThrow(/expected a condition \[\.\.\., 2\], got none/);
    const plain = nn.residualMlp({ inputs: 3, outputs: 2, width: 4, depth: 1 });
    expect(() => plain.apply(plain.init(key(0)), x, { condition: x })).toThrow(/expected no condition, got one/);
  });

  it('sinusoidal features have their order, and Gaussian ones their directions', () => {
    const waves = nn.sinusoidalFeatures({ size: 4, scale: 1000 });
    const t = 0.3;
    const angles = [1000 * t, 10 * t];
    const got = numbers(waves.apply(tensor([t], { dtype, device })));
    expect(got).toEqual([...angles.map(Math.sin), ...angles.map(Math.cos)].map((v) => expect.closeTo(v, 9)));
    expect(() => nn.sinusoidalFeatures({ size: 3 })).toThrow(/size must be even, got 3/);

    const features = nn.gaussianFeatures({ inputs: 2, count: 3, sigma: 0.5, key: key(9), dtype });
    const x = normal(1, [4, 2]);
    const y = features.apply(x);
    expect(y.shape).toEqual([4, 6]);
    const angle = x.matmul(random.normal(key(9), [2, 3], { dtype }).mul(Math.PI));
    expect(largest(y, ff.concat([angle.sin(), angle.cos()], -1))).toBeLessThan(1e-12);
  });

  it('a U-Net starts at 0, keeps extents, and takes one time for all', () => {
    const net = nn.unet({ inputs: 2, outputs: 3, channels: [4, 8, 8], blocks: 2, groups: 3, dtype: 'f32' });
    const params = net.init(key(0));
    const x = random.normal(key(1), [2, 2, 7, 9]);
    const y = net.apply(params, x, { time: tensor(0.5, { device }) });
    expect(y.shape).toEqual([2, 3, 7, 9]);
    expect(new Set(numbers(y))).toEqual(new Set([0]));
    expect(() => net.apply(params, x)).toThrow(/expected a time for each image, got none/);
    expect(() => net.apply(params, x, { time: tensor([1, 2, 3], { device }) })).toThrow(
      /time of shape \[2\].*got \[3\]/,
    );
    const label = tensor([0, 1], { dtype: 'i32', device });
    expect(() => net.apply(params, x, { time: tensor(0.5, { device }), label })).toThrow(/expected no label, got one/);
    const free = nn.unet({ inputs: 2, channels: [4], time: false });
    expect(free.apply(free.init(key(0)), x).shape).toEqual([2, 2, 7, 9]);
  });

  it('a geometric start is near the signed distance to a sphere', () => {
    const points = [0.5, 1, 1.5].map((r) => {
      const x = random.normal(key(7), [64, 3]);
      return x.div(x.square().sum({ axis: -1, keepDims: true }).sqrt()).mul(r);
    });
    const means = points.map((x) => {
      let sum = 0;
      for (let seed = 0; seed < 5; seed++) {
        const net = nn.mlp({
          inputs: 3,
          hidden: [128, 128, 128],
          outputs: 1,
          activation: 'relu',
          ...nn.initializers.geometric(),
        });
        sum +=
          net
            .apply(net.init(key(seed)), x)
            .mean()
            .item() / 5;
      }
      return sum;
    });
    // f(x) is about the distance r - 1 from the unit sphere (Gropp et al. 2020).
    for (const [i, r] of [0.5, 1, 1.5].entries()) expect(Math.abs(means[i] - (r - 1))).toBeLessThan(0.15);

    const blind = nn.mlp({
      inputs: 5,
      hidden: [8],
      outputs: 1,
      ...nn.initializers.geometric({ coordinates: 3, radius: 2 }),
    });
    const params = blind.init(key(0));
    expect(numbers(params.layers[0].weight.slice([3, 5])).every((w) => w === 0)).toBe(true);
    expect(params.layers[1].bias?.item()).toBe(-2);
  });

  it('a sine network starts with the bounds of its paper, and cut normals within two deviations', () => {
    const net = nn.mlp({
      inputs: 2,
      hidden: [50, 50],
      outputs: 1,
      activation: (x) => x.mul(30).sin(),
      ...nn.initializers.siren(),
    });
    const [first, second] = net.init(key(0)).layers.map(({ weight }) => Math.max(...numbers(weight).map(Math.abs)));
    expect(first).toBeGreaterThan(0.45);
    expect(first).toBeLessThanOrEqual(0.5);
    expect(second).toBeLessThanOrEqual(Math.sqrt(6 / 50) / 30);
    const cut = nn.initializers.truncatedNormal(0.5)(key(1), [1000], { dtype: 'f32', fanIn: 1, fanOut: 1 });
    expect(Math.max(...numbers(cut).map(Math.abs))).toBeLessThanOrEqual(1);
  });

  it('convolutions name what does not fit', () => {
    const conv = nn.conv2d({ inputs: 3, outputs: 2, kernel: 3 });
    const params = conv.init(key(0));
    expect(() => conv.apply(params, ff.zeros([1, 2, 5, 5]))).toThrow(/\[N, 3, H, W\], got \[1, 2, 5, 5\]/);
    expect(() => conv.apply(params, ff.zeros([3, 5, 5]))).toThrow(ff.ShapeError);
    expect(() => conv.apply({} as never, ff.zeros([1, 3, 5, 5]))).toThrow(
      /weight \[2, 3, 3, 3\], bias \[2\] }, got none/,
    );
    expect(() => nn.conv1d({ inputs: 3, outputs: 2, kernel: [3, 3] })).toThrow(/kernel as a number or a list of 1/);
    expect(() => nn.conv1d({ inputs: 3, outputs: 2, kernel: 3, groups: 2 })).toThrow(/groups must divide/);
    expect(() => nn.conv1d({ inputs: 3, outputs: 2 } as never)).toThrow(ff.ArgumentError);
    const orthogonal = nn.conv2d({ inputs: 2, outputs: 3, kernel: 2, weightInit: nn.initializers.orthogonal(), dtype });
    const flat = orthogonal.init(key(1)).weight.reshape([3, 8]);
    expect(largest(flat.matmul(flat.T), ff.eye(3, undefined, { dtype, device }))).toBeLessThan(1e-12);
  });
});

it('names initializers that return something else, and keys that are none', () => {
  const made = (weightInit: unknown) => () =>
    nn.linear({ inputs: 2, outputs: 3, weightInit: weightInit as nn.Initializer }).init(random.key(0));
  expect(made(() => ff.zeros([3, 2]))).toThrow(/linear: weightInit: expected shape \[2, 3\] .*got \[3, 2\]/);
  expect(made(() => undefined)).toThrow(/expected what it returns as a tensor, got undefined/);
  expect(made('zeros')).toThrow(/linear: weightInit: expected a function, got 'zeros'/);
  const biasInit = (): Tensor => ff.zeros([]);
  expect(() => nn.conv2d({ inputs: 1, outputs: 2, kernel: 3, biasInit }).init(random.key(0))).toThrow(
    /conv2d: biasInit/,
  );
  for (const layer of [nn.layerNorm({ size: 2 }), nn.rmsNorm({ size: 2 }), nn.batchNorm({ size: 2 })]) {
    expect(() => layer.init(undefined as never)).toThrow(/expected key as a tensor, got undefined/);
  }
});
