import { euler } from '@flowfield/ode-solvers';
import { condOTScheduler } from '@flowfield/paths';
import { ArgumentError, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { engineErrors } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as own from './index.ts';
import * as samplers from './index.ts';

/** Calls that the types forbid and that JavaScript callers make all the same. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
const loose = samplers as any;
const x = tensor([[1, 2]]);
const v = (at: Tensor): Tensor => at.neg();

describe.each(['sampleOde', 'logLikelihood', 'sampleWithLogLikelihood'])('%s names', (name) => {
  const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['a misspelt option', () => loose[name](v, x, { rtoll: 1 }), /got one named rtoll\. Did you mean rtol\?/],
    ['options of another kind', () => loose[name](v, x, null), /expected options { t0, .*, got null/],
    ['a field that is no function', () => loose[name](x, x), /expected a function, got a tensor of/],
    ['no field', () => loose[name](undefined, x), /expected a function, got undefined/],
    [
      'a manifold without its functions',
      () => loose[name](v, x, { manifold: {} }),
      /without projectPoint and projectT/,
    ],
    ['null for a manifold', () => loose[name](v, x, { manifold: null }), /expected a manifold with the functions/],
    ['points that are no tensor', () => loose[name](v, [[1, 2]]), /expected points as a tensor, got \[\[1, 2\]\]/],
  ];
  test.each(mistakes)('%s', (_what, run, message) => {
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(new RegExp(`^${name}: `));
    expect(run).toThrow(message);
  });
});

test('a divergence of no known method is named', () => {
  expect(() => loose.logLikelihood(v, x, { divergence: 'exakt' })).toThrow(/'exact' or .*, got 'exakt'/);
});

test.each([
  ['no options', () => loose.mapBatches(v, x), /^mapBatches: expected options { batchSize, .*, got undefined/],
  ['a misspelt option', () => loose.mapBatches(v, x, { batchsize: 2 }), /Did you mean batchSize\?/],
  [
    'no size of batches',
    () => loose.mapBatches(v, x, {}),
    /batchSize must be a whole number of at least 1, got undefined/,
  ],
  ['no function', () => loose.mapBatches(x, x, { batchSize: 2 }), /^mapBatches: expected a function/],
])('mapBatches names %s', async (_what, run, message) => {
  await expect(run).rejects.toThrow(ArgumentError);
  await expect(run).rejects.toThrow(message);
});

describe('Hutchinson', () => {
  const key = random.key(3);
  const points = tensor([
    [1, 2],
    [0.5, -1],
  ]);
  const field = (at: Tensor): Tensor => at.mul(tensor([2, -3])).add(at.sum({ axis: 1, keepDims: true }));

  test('mistakes are named', () => {
    const call = (divergence: object) => () =>
      loose.logLikelihood(v, x, { divergence: { kind: 'hutchinson', ...divergence } });
    expect(call({})).toThrow(/noise of Hutchinson is drawn\. Give \{ kind, key \}/);
    expect(call({ key, probe: 3 })).toThrow(/Did you mean probes\?/);
    expect(call({ key, noise: 'normal' })).toThrow(/expected a noise among rademacher, gaussian, got 'normal'/);
    expect(() => loose.logLikelihood(v, x, { accumulate: 'f16' })).toThrow(/expected accumulate among f32, f64/);
    expect(() => loose.logLikelihood(v, x, { logBase: 3 })).toThrow(/logBase: expected a function, got 3/);
  });

  test('by either noise the mean is the trace, 1; Gaussian noise varies more', () => {
    const probes = 20_000;
    const spread = (noise: 'rademacher' | 'gaussian'): number => {
      const one = Array.from({ length: 40 }, (_, i) =>
        samplers
          .divergence(field, { kind: 'hutchinson', key: random.key(i), noise })(points, 0.5)
          .slice(0)
          .item(),
      );
      return one.reduce((sum, value) => sum + (value - 1) ** 2, 0);
    };
    for (const noise of ['rademacher', 'gaussian'] as const) {
      const mean = samplers.divergence(field, { kind: 'hutchinson', key, probes, noise })(points, 0.5);
      // The trace of diag(2, -3) + 1 1ᵀ is 1; the variances are 4 and 2 |J|² = 34.
      for (const value of mean.toArray() as number[])
        expect(Math.abs(value - 1)).toBeLessThan(4 * Math.sqrt(34 / probes));
    }
    expect(spread('gaussian')).toBeGreaterThan(spread('rademacher'));
  });
});

test('times outside [0, 1] are named in tensors, too', () => {
  for (const options of [{ t1: tensor(2) }, { grid: tensor([0, 2]), solver: euler() }, { t0: tensor(-0.5) }])
    expect(() => samplers.sampleOde(v, x, options)).toThrow(samplers.ChainTimeError);
  expect(() => samplers.logLikelihood(v, x, { t0: tensor(2) })).toThrow(samplers.ChainTimeError);
});

test('noise is added towards t = 0 in every row', () => {
  const options = { scheduler: condOTScheduler(), key: random.key(0), from: tensor([0.5, 0.6]) };
  const points = tensor([[1], [1]]);
  expect(() => samplers.renoise(points, { ...options, to: tensor([0.1, 0.7]) })).toThrow(/to 0\.69.* in row 1/);
  expect(() => samplers.renoise(points, { ...options, to: 0.55 })).toThrow(/from 0\.5 to .* in row 0/);
});

test('a Fréchet distance of nothing', () => {
  expect(() => loose.frechetDistance(undefined, x)).toThrow('momentsOf: expected features as a tensor, got undefined');
  expect(() => loose.frechetDistance({ covariance: x }, x)).toThrow('frechetDistance: expected mean as a tensor');
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(own)).toEqual([]);
});
