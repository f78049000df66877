import * as ff from '@flowfield/tensor-webgpu';
import { random, ShapeError, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendTime,
  fourierFeatures,
  initializers,
  type LinearParams,
  layerNorm,
  linear,
  mlp,
  timeFeatures,
} from '../index.ts';

type Matrix = number[][];
const matrix = (t: Tensor): Matrix => t.toArray() as Matrix;
const vector = (t: Tensor): number[] => t.toArray() as unknown as number[];
const affine = (x: Matrix, w: Matrix, b: number[]): Matrix =>
  x.map((row) => b.map((bias, j) => row.reduce((sum, value, i) => sum + value * w[i][j], bias)));
const silu = (x: number): number => x / (1 + Math.exp(-x));
const flat = (x: Matrix): number[] => x.flat();
const close = (got: Tensor, expected: Matrix): void => {
  const values = [...got.dataSync()];
  expect(values.length).toBe(flat(expected).length);
  flat(expected).forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 12);
  });
};

describe.each(ff.devices())('layers on %s', (device) => {
  const key = (seed: number): Tensor => random.key(seed, { device });
  const f64 = (data: ff.TensorLike): Tensor => tensor(data, { dtype: 'f64', device });
  const inputOf = (rows: number, width: number): Tensor => random.normal(key(99), [rows, width], { dtype: 'f64' });

  it('applies a linear layer as x W + b over the last axis', () => {
    const sizes = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(sizes, sizes, sizes, (rows, inputs, outputs) => {
        const layer = linear({ inputs, outputs, dtype: 'f64' });
        const params = layer.init(key(rows));
        const x = inputOf(rows, inputs);
        close(layer.apply(params, x), affine(matrix(x), matrix(params.weight), vector(params.bias as Tensor)));
      }),
      { numRuns: 8 },
    );
  });

  it('applies an mlp as written by hand', () => {
    const net = mlp({ inputs: 3, hidden: [5, 4], outputs: 2, dtype: 'f64' });
    const params = net.init(key(1));
    const x = inputOf(6, 3);
    const step = (h: Matrix, i: number): Matrix =>
      affine(h, matrix(params.layers[i].weight), vector(params.layers[i].bias as Tensor));
    const activated = (h: Matrix): Matrix => h.map((row) => row.map(silu));
    close(net.apply(params, x), step(activated(step(activated(step(matrix(x), 0)), 1)), 2));
  });

  it('concatenates the input at skips, scaled by 1/√2', () => {
    const net = mlp({ inputs: 2, hidden: [4, 3], outputs: 1, skips: [2], activation: 'identity', dtype: 'f64' });
    const params = net.init(key(2));
    const x = inputOf(5, 2);
    const step = (h: Matrix, i: number): Matrix =>
      affine(h, matrix(params.layers[i].weight), vector(params.layers[i].bias as Tensor));
    const hidden = step(step(matrix(x), 0), 1);
    const joined = matrix(x).map((row, i) => [...hidden[i], ...row].map((value) => value * Math.SQRT1_2));
    close(net.apply(params, x), step(joined, 2));
  });

  it('adds the input of hidden layers of equal width where asked', () => {
    const options = { inputs: 3, hidden: [4, 4], outputs: 4, dtype: 'f64' } as const;
    const net = mlp({ ...options, residual: true });
    const params = net.init(key(3));
    const zero = ({ weight, bias }: LinearParams): LinearParams => ({ weight: weight.mul(0), bias: bias?.mul(0) });
    const zeroed = { layers: params.layers.map((layer, i) => (i === 1 ? zero(layer) : layer)) };
    const direct = mlp({ ...options, hidden: [4] });
    const shorter = { layers: [params.layers[0], params.layers[2]] };
    const x = inputOf(2, 3);
    // silu(0) = 0: a hidden layer of zeros then does nothing.
    close(net.apply(zeroed, x), matrix(direct.apply(shorter, x)));
  });

  it('names parameters by layer, and starts at zero where the last layer does', () => {
    const { zeros } = initializers;
    const net = mlp({ inputs: 3, hidden: [4], outputs: 2, norm: true, outputWeightInit: zeros, outputBiasInit: zeros });
    const params = net.init(key(4));
    expect(tree.paths(params)).toEqual([
      'layers.0.bias',
      'layers.0.weight',
      'layers.1.bias',
      'layers.1.weight',
      'norms.0.bias',
      'norms.0.weight',
    ]);
    const x = random.normal(key(5), [4, 3]);
    expect([...net.apply(params, x).dataSync()]).toEqual(Array(8).fill(0));
  });

  it('normalizes the last axis to mean 0 and variance 1, then scales and shifts', () => {
    const norm = layerNorm({ size: 6, dtype: 'f64' });
    const params = norm.init(key(6));
    const x = inputOf(3, 6).mul(4).add(7);
    const y = norm.apply(params, x);
    vector(y.mean({ axis: -1 })).forEach((mean) => {
      expect(mean).toBeCloseTo(0, 12);
    });
    vector(y.square().mean({ axis: -1 })).forEach((variance) => {
      expect(variance).toBeCloseTo(1, 5);
    });
    const scaled = norm.apply({ weight: params.weight.mul(3), bias: params.bias.add(2) }, x);
    close(scaled, matrix(y.mul(3).add(2)));
  });

  it('computes Fourier features in the order that the docs say', () => {
    const features = fourierFeatures({ inputs: 2, octaves: 2, scale: Math.PI });
    const angles = [0.3, -0.1, 0.6, -0.2].map((a) => a * Math.PI);
    close(features.apply(f64([[0.3, -0.1]])), [[0.3, -0.1, ...angles.map(Math.sin), ...angles.map(Math.cos)]]);
    expect(features.outputs).toBe(10);
    const net = mlp({ inputs: 2, hidden: [], outputs: 1, features, dtype: 'f64' });
    const params = net.init(key(7));
    expect(params.layers[0].weight.shape).toEqual([10, 1]);
    expect(net.apply(params, f64([[0.3, -0.1]])).shape).toEqual([1, 1]);
  });

  it('appends time features for a scalar t, one t per row, and a column of t', () => {
    const x = f64([
      [1, 2],
      [3, 4],
    ]);
    const half = [Math.sin(Math.PI / 2), Math.sin(Math.PI), Math.cos(Math.PI / 2), Math.cos(Math.PI)];
    const expected = [
      [1, 2, ...half],
      [3, 4, ...half],
    ];
    const features = timeFeatures({ frequencies: 2 });
    for (const t of [0.5, f64(0.5), f64([0.5, 0.5]), f64([[0.5], [0.5]])]) close(appendTime(x, t, features), expected);
    close(appendTime(x, f64([0, 1])), [
      [1, 2, 0],
      [3, 4, 1],
    ]);
    expect(() => appendTime(x, f64([0, 0, 0]))).toThrow(ShapeError);
    expect(() => appendTime(x, undefined as never)).toThrow(/expected t as a tensor, got undefined/);
  });

  it('is the same function under jit and vmap, and its gradient agrees with differences', () => {
    const features = fourierFeatures({ inputs: 2, octaves: 1 });
    const net = mlp({ inputs: 2, hidden: [4, 4], outputs: 1, features, norm: true, skips: [1], dtype: 'f64' });
    const params = net.init(key(8));
    const x = inputOf(4, 2);
    const rows = matrix(net.apply(params, x));
    close(ff.jit(net.apply)(params, x), rows);
    close(ff.vmap((row: Tensor) => net.apply(params, row))(x), rows);

    const loss = (p: typeof params): Tensor => net.apply(p, x).square().sum();
    const gradient = ff.grad(loss)(params) as typeof params;
    const weight = params.layers[1].weight;
    const bump = (delta: number): typeof params => {
      const data = Float64Array.from(weight.dataSync());
      data[3] += delta;
      const layers = [...params.layers];
      layers[1] = { ...layers[1], weight: tensor(data, { shape: weight.shape, device }) };
      return { ...params, layers };
    };
    const numeric = (loss(bump(1e-5)).item() - loss(bump(-1e-5)).item()) / 2e-5;
    expect(gradient.layers[1].weight.dataSync()[3]).toBeCloseTo(numeric, 7);
  });
});

it('names shapes and options that do not fit', () => {
  const net = mlp({ inputs: 3, hidden: [4], outputs: 2 });
  const params = net.init(random.key(0));
  expect(() => net.apply(params, ff.zeros([5, 2]))).toThrow(/expected an input of shape \[\.\.\., 3\], got \[5, 2\]/);
  expect(() => net.apply(params, [[1, 2, 3]] as unknown as Tensor)).toThrow(
    /expected x as a tensor, got \[\[1, 2, 3\]\]/,
  );
  expect(() => mlp({ inputs: 3, hidden: [0], outputs: 2 })).toThrow(/hidden\[0\] must be a whole number of at least 1/);
  expect(() => mlp({ inputs: 3, hidden: [4], outputs: 2, skips: [2] })).toThrow(/skips must name layers 1 to 1, got 2/);
  const features = fourierFeatures({ inputs: 2, octaves: 1 });
  expect(() => mlp({ inputs: 3, hidden: [4], outputs: 2, features })).toThrow(
    /features take 2 inputs, but inputs is 3/,
  );
  expect(() => fourierFeatures({ inputs: 2, octaves: 0, keepInput: false })).toThrow(/octaves.*at least 1, got 0/);
  expect(() => layerNorm({ size: 2, epsilon: 0 })).toThrow(/epsilon must be positive, got 0/);
});
