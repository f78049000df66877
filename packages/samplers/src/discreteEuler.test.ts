import {
  condOTScheduler,
  cosineScheduler,
  maskSource,
  polynomialScheduler,
  schedulerAt,
  uniformSource,
} from '@flowfield/paths';
import { oneHot, random, type Tensor, tensor, where } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { discreteEuler, NonFiniteSampleError, sampleChain, type TokenModel } from './index.ts';
import { f64, numbers } from './testing/sphere.ts';

const key = random.key(0);
const count = 20_000;
const bound = (p: number): number => 4 * Math.sqrt((p * (1 - p)) / count) + 1e-9;
const share = (x: Tensor, token: number): number => numbers(x).filter((value) => value === token).length / count;

/** Logits of the true posterior p(x1 | xt) at each place alone, for data probabilities p and source probabilities q. */
const posterior =
  (p: readonly number[], q: readonly number[], kappaOf: (t: Tensor) => Tensor): TokenModel =>
  (x, t) => {
    const kappa = kappaOf(t.astype('f64')).expandDims(1).expandDims(2);
    // p(xt | x1) = κ [xt = x1] + (1 - κ) q(xt)
    const here = oneHot(x, p.length, { dtype: 'f64' });
    const source = here.mul(f64(q as number[])).sum({ axis: -1, keepDims: true });
    const likelihood = here.mul(kappa).add(source.mul(kappa.neg().add(1)));
    return likelihood
      .mul(f64(p as number[]))
      .maximum(1e-300)
      .log();
  };

describe('masked tokens', () => {
  const model: TokenModel = (x) => tensor([0, 0, -1e9]).broadcastTo([...x.shape, 3]);
  const masked = maskSource(3).sample(key, [count, 1]);

  test('κ = t in 8 steps: the share of masks falls by an eighth each step, to 0', () => {
    const { trajectory } = sampleChain(discreteEuler(model), masked, { steps: 8, key, trajectory: true });
    for (let k = 0; k <= 8; k++) {
      const expected = 1 - k / 8;
      expect(Math.abs(share(trajectory!.slice(k), 2) - expected)).toBeLessThan(bound(expected));
    }
    expect(share(trajectory!.slice(8), 2)).toBe(0);
    expect(trajectory!.dtype).toBe('i32');
  });

  test.each([
    ['exact', [1, 0.9375, 0.75, 0.4375, 0]],
    ['linear', [1, 1, 0.8666666, 0.5777777, 0.0825396]],
  ] as const)('κ = t² in 4 steps, %s jumps', (jump, expected) => {
    const transition = discreteEuler(model, { scheduler: polynomialScheduler(2), jump });
    const { trajectory } = sampleChain(transition, masked, { steps: 4, key, trajectory: true });
    expected.forEach((value, k) => expect(Math.abs(share(trajectory!.slice(k), 2) - value)).toBeLessThan(bound(value)));
  });

  test('exponential jumps leave 1 - Π of their probabilities', () => {
    const transition = discreteEuler(model, { jump: 'exponential' });
    const { x } = sampleChain(transition, masked, { steps: 4, key });
    const left = [0, 1, 2, 3].reduce((product, k) => product * Math.exp(-0.25 / (1 - k / 4)), 1);
    expect(Math.abs(share(x, 2) - left)).toBeLessThan(bound(left));
  });
});

describe.each([0, 3, 20])('with a divergence-free part of rate %d', (divergenceFree) => {
  test.each([condOTScheduler(), polynomialScheduler(2)])(
    '$name: the data law comes out, and the path in between',
    (scheduler) => {
      const p = [0.6, 0.1, 0.3];
      const q = [1 / 3, 1 / 3, 1 / 3];
      const source = uniformSource(3);
      const model = posterior(p, q, (t) => scheduler.alpha(t));
      const transition = discreteEuler(model, { scheduler, source, divergenceFree });
      const start = source.sample(random.key(1), [count, 1]);
      const { trajectory } = sampleChain(transition, start, { steps: 16, key, trajectory: true });
      p.forEach((value, token) => {
        expect(Math.abs(share(trajectory!.slice(16), token) - value)).toBeLessThan(bound(value) + 0.01);
        const kappa = schedulerAt(scheduler, f64(0.5)).alphaT.item();
        const middle = kappa * value + (1 - kappa) / 3;
        expect(Math.abs(share(trajectory!.slice(8), token) - middle)).toBeLessThan(bound(middle) + 0.01);
      });
    },
  );
});

test('a rate in time, more axes, one seed one result', () => {
  const model: TokenModel = (x) => tensor([1, 0, 2]).broadcastTo([...x.shape, 3]);
  const source = uniformSource(3);
  const transition = discreteEuler(model, { source, divergenceFree: (t) => t.mul(4) });
  const start = source.sample(key, [5, 2, 3]);
  const run = (seed: number): number[] =>
    numbers(sampleChain(transition, start, { steps: 4, key: random.key(seed) }).x);
  expect(run(1).length).toBe(30);
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});

test('logits that are NaN are named, by the step', () => {
  const broken: TokenModel = (x, t) =>
    tensor([1, 0])
      .broadcastTo([...x.shape, 2])
      .mul(t.greaterEqual(0.5).astype('f32').mul(Number.NaN).expandDims(1).expandDims(2));
  const late: TokenModel = (x, t) => {
    const bad = t
      .greaterEqual(0.5)
      .expandDims(1)
      .expandDims(2)
      .broadcastTo([...x.shape, 2]);
    return where(bad, broken(x, t), 0);
  };
  const tokens = tensor([[0], [1]], { dtype: 'i32' });
  const run = () => sampleChain(discreteEuler(late), tokens, { grid: [0, 0.5, 1], key });
  expect(run).toThrow(NonFiniteSampleError);
  expect(run).toThrow(/tokens could not be drawn\) in step 1, from t = 0\.5 to 1/);
});

test('logits that are all -∞ name no token', () => {
  const none: TokenModel = (tokens) => oneHot(tokens, 3).mul(0).sub(Number.POSITIVE_INFINITY);
  const start = tensor([[0, 1]], { dtype: 'i32' });
  expect(() => sampleChain(discreteEuler(none), start, { steps: 1, key })).toThrow(NonFiniteSampleError);
});

test('mistakes are named', () => {
  const model: TokenModel = (x) => tensor([1, 0]).broadcastTo([...x.shape, 2]);
  const tokens = tensor([[0]], { dtype: 'i32' });
  expect(() => discreteEuler(model, { scheduler: cosineScheduler() })).toThrow(/expected a convex scheduler/);
  expect(() => discreteEuler(model, { scheduler: 'linear' as never })).toThrow(/got 'linear'/);
  expect(() => discreteEuler(model, { jump: 'exect' as never })).toThrow(/Did you mean 'exact'/);
  expect(() => discreteEuler(model, { divergenceFree: 1 })).toThrow(/expected a function, got undefined/);
  expect(() => discreteEuler(model, { divergenceFree: -1 })).toThrow(/of at least 0, got -1/);
  expect(() => sampleChain(discreteEuler(model), f64([[0.5]]), { steps: 2, key })).toThrow(
    /expected tokens \(i32\), got f64/,
  );
  expect(() =>
    sampleChain(
      discreteEuler((x) => x),
      tokens,
      { steps: 2, key },
    ),
  ).toThrow(/logits of shape \[1, 1, vocabulary\]/);
});
