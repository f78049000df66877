import { ArgumentError, random, ShapeError, zeros } from '@flowfield/tensor-webgpu';
import { engineErrors } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as nn from './index.ts';

/** Calls that the types forbid and that JavaScript callers make all the same. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
const loose = nn as any;

/** Functions of options, with options that they accept. */
const accepted = {
  adafactor: { learningRate: 0.1, relative: false, clip: null, momentum: 0.9, leastExtent: 2, decayRate: 0.7 },
  batchNorm: { size: 2, axis: 1, decay: 0.9, epsilon: 1e-3 },
  conv1d: { inputs: 2, outputs: 3, kernel: 3, padding: 'same' },
  conv2d: { inputs: 2, outputs: 4, kernel: [3, 1], stride: 2, padding: [[0, 1], 1], groups: 2, bias: false },
  convTranspose1d: { inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 0 },
  convTranspose2d: { inputs: 2, outputs: 3, kernel: 3, outputPadding: 1 },
  embedding: { count: 3, size: 2, init: nn.initializers.zeros },
  film: { condition: 2, size: 3, axis: 1 },
  gaussianFeatures: { inputs: 2, count: 3, sigma: 2, key: random.key(0) },
  groupNorm: { channels: 4, groups: 2, epsilon: 1e-3 },
  lbfgs: { memory: 3, learningRate: 0.5 },
  linearSchedule: { initial: 1, final: 0, steps: 3 },
  lion: { learningRate: 0.1, beta1: 0.8, weightDecay: 0 },
  multiHeadAttention: { inputs: 4, heads: 2, context: 3, size: 6, outputs: 2, bias: false },
  residualMlp: { inputs: 2, outputs: 1, width: 4, depth: 1, condition: 2, dropout: 0.1 },
  rmsNorm: { size: 2, epsilon: 1e-3 },
  rmsProp: { learningRate: 0.1, decay: 0.8, centered: true, momentum: 0.5 },
  scaleByAdam: { beta1: 0.5, epsilonRoot: 1e-3, nesterov: true },
  scaleByFactoredRms: { decayRate: 0.8, leastExtent: 4 },
  scaleByRms: { decay: 0.9, epsilonRoot: 0, epsilon: 1e-8 },
  sinusoidalFeatures: { size: 4, scale: 1000 },
  transformer: { inputs: 4, heads: 2, depth: 1, hidden: 8, dropout: 0.1 },
  unet: { inputs: 1, channels: [4, 8], classes: 2, attention: [1], time: false },
  adam: { learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-6 },
  adamW: { learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1, decays: () => true },
  addWeightDecay: { weightDecay: 0.1, decays: () => true },
  cosineSchedule: { initial: 1, steps: 5, final: 0 },
  ema: { decay: 0.9, warmup: true, debias: true },
  exponentialSchedule: { initial: 1, rate: 0.5, steps: 2, staircase: true, final: 0.1 },
  fourierFeatures: { inputs: 2, octaves: 1, scale: 2, keepInput: false },
  layerNorm: { size: 2, epsilon: 1e-3, dtype: 'f32' },
  linear: { inputs: 2, outputs: 3, bias: false, weightInit: nn.initializers.zeros, dtype: 'f32' },
  mlp: { inputs: 2, hidden: [3], outputs: 1, activation: 'tanh', residual: true, norm: true, skips: [1], bias: true },
  momentum: { decay: 0.9, nesterov: true },
  piecewiseSchedule: { initial: 1, boundaries: [[2, 0.5]] },
  sgd: { learningRate: 0.1, momentum: 0.9, nesterov: true },
  timeFeatures: { frequencies: 2 },
  warmupCosineSchedule: { initial: 0, peak: 1, warmupSteps: 2, steps: 5, final: 0 },
};

describe.each(Object.entries(accepted))('%s', (name, options) => {
  test('takes its options', () => {
    expect(() => loose[name](options)).not.toThrow();
  });

  test('names an option that it does not know', () => {
    const [first] = Object.keys(options);
    const run = () => loose[name]({ ...options, [`${first}s`]: 1 });
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(new RegExp(`^${name}: .* got one named ${first}s\\. Did you mean ${first}\\?`));
  });

  test('names options of another kind, and those that are missing', () => {
    for (const given of [null, 3]) {
      expect(() => loose[name](given)).toThrow(new RegExp(`^${name}: expected options { .* }, got ${given}\\.`));
    }
    if (['timeFeatures', 'lbfgs'].includes(name) || name.startsWith('scaleBy')) return;
    expect(() => loose[name]()).toThrow(new RegExp(`^${name}: expected options { .* }, got undefined\\.`));
    expect(() => loose[name]({})).toThrow(ArgumentError);
  });
});

test('abbreviations of other libraries are led to their names', () => {
  expect(() => loose.adam({ lr: 1e-3 })).toThrow(/Did you mean learningRate\?/);
  expect(() => loose.adam({ learningRate: 1e-3, b1: 0.9 })).toThrow(/Did you mean beta1\?/);
});

describe('parameters that do not fit are named by', () => {
  const x = zeros([4, 2]);
  const key = random.key(0);
  const dense = loose.linear({ inputs: 2, outputs: 3 });
  const norm = loose.layerNorm({ size: 2 });
  const net = loose.mlp({ inputs: 2, hidden: [3], outputs: 1, norm: true });
  const { layers, norms } = net.init(key);

  test('linear', () => {
    expect(() => dense.apply({}, x)).toThrow(ArgumentError);
    expect(() => dense.apply({}, x)).toThrow(
      /^linear: expected parameters { weight \[2, 3\], bias \[3\] }, got none named w/,
    );
    expect(() => dense.apply(undefined, x)).toThrow(/got none named weight/);
    expect(() => dense.apply({ weight: zeros([2, 3]) }, x)).toThrow(/got none named bias/);
    expect(() => dense.apply({ weight: zeros([2, 4]), bias: zeros([3]) }, x)).toThrow(ShapeError);
    const plain = loose.linear({ inputs: 2, outputs: 3, bias: false });
    expect(() => plain.apply(dense.init(key), x)).toThrow(/got one more named bias/);
  });

  test('layerNorm', () => {
    expect(() => norm.apply({ weight: zeros([2]) }, x)).toThrow(/^layerNorm: .* got none named bias/);
    expect(() => norm.apply({ weight: zeros([2]), bias: zeros([1]) }, x)).toThrow(ShapeError);
  });

  test('mlp', () => {
    expect(() => net.apply({}, x)).toThrow(ArgumentError);
    expect(() => net.apply({}, x)).toThrow(/^mlp: expected parameters with a list 'layers' of 2, got no such list/);
    expect(() => net.apply(undefined, x)).toThrow(ArgumentError);
    expect(() => net.apply({ layers: layers.slice(1), norms }, x)).toThrow(/'layers' of 2, got a list of 1/);
    expect(() => net.apply({ layers }, x)).toThrow(/'norms' of 1, got no such list/);
  });
});

describe('optimizers of parameters and gradients that are none', () => {
  const optimizers = {
    adam: nn.adam({ learningRate: 0.1 }),
    adafactor: nn.adafactor({ learningRate: 0.1 }),
    addWeightDecay: nn.addWeightDecay({ weightDecay: 0.1 }),
    lbfgs: nn.lbfgs(),
    lion: nn.lion({ learningRate: 0.1 }),
    momentum: nn.momentum({ decay: 0.9 }),
    rmsProp: nn.rmsProp({ learningRate: 0.1 }),
    sgd: nn.sgd({ learningRate: 0.1 }),
    // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  } as Record<string, any>;
  const params = { w: zeros([2]) };
  const looksAtParams = Object.entries(optimizers).filter(([name]) => name !== 'sgd');

  test.each(Object.entries(optimizers))('%s names leaves that are no tensors', (_, optimizer) => {
    expect(() => optimizer.update({ w: 3 }, optimizer.init(params), params)).toThrow(ArgumentError);
  });

  test.each(looksAtParams)('%s names gradients of another shape or structure', (_, optimizer) => {
    // Of one element: it would broadcast to the parameters.
    const broadcast = () => optimizer.update({ w: zeros([1]) }, optimizer.init(params), params);
    expect(broadcast).toThrow(ShapeError);
    expect(broadcast).toThrow(/of one shape at 'w', got \[\d\] and \[\d\]/);
    expect(() => optimizer.update({}, optimizer.init(params), params)).toThrow(/trees differ at the root/);
  });

  test('those with a memory name parameters that are no tensors', () => {
    for (const name of ['adam', 'adafactor', 'lbfgs', 'lion', 'momentum', 'rmsProp'])
      expect(() => optimizers[name].init({ w: 3 }), name).toThrow(ArgumentError);
    expect(() => optimizers.lbfgs.init({})).toThrow(/expected parameters with at least one tensor/);
    expect(() => loose.applyUpdates({ w: 3 }, { w: 4 })).toThrow(/expected tensors as parameters.* at 'w'/);
  });
});

test('initializers that are called by hand name a missing context', () => {
  const { constant, contextOf, geometric, siren, varianceScaling, ...others } = loose.initializers;
  const made = [
    others.kaimingNormal(),
    others.normal(),
    others.orthogonal(),
    others.truncatedNormal(),
    others.uniform(),
  ];
  const drawn = [constant(2), varianceScaling(), siren().weightInit, ...Object.values(geometric()), ...made];
  const direct = ['fanInUniform', 'glorotNormal', 'glorotUniform', 'lecunNormal', 'lecunUniform', 'ones', 'zeros'];
  for (const initializer of [...drawn, ...direct.map((name) => others[name])]) {
    for (const context of [undefined, null, {}, 'f32'])
      expect(() => initializer(random.key(0), [2, 2], context)).toThrow(
        /: expected a context { dtype: .*contextOf\(shape\)/,
      );
    expect(initializer(random.key(0), [2, 2], contextOf([2, 2])).shape).toEqual([2, 2]);
  }
  expect(() => contextOf(undefined)).toThrow(/contextOf: expected a weight of shape .*, got undefined/);
  expect(() => others.zeros(undefined, [2], contextOf([2, 2]))).toThrow(/constant: expected the key/);
});

test('activations and features of what is no tensor', () => {
  for (const [name, f] of Object.entries(loose.activations) as [string, (x: unknown) => unknown][]) {
    if (name !== 'identity')
      expect(() => f(undefined), name).toThrow(/expected a number or boolean at data, got undefined/);
  }
  expect(() => loose.rawTime.apply(undefined)).toThrow(/expandDims: expected a number/);
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(nn)).toEqual([]);
});
