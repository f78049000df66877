import { jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  logitNormalTimes,
  modeTimes,
  sampleTimes,
  type TimeDistribution,
  TimeRangeError,
  uniformTimes,
} from './index.ts';
import { f64, gap, innerTimes, numbers } from './testing/draws.ts';

const all: readonly TimeDistribution[] = [
  uniformTimes(),
  uniformTimes({ from: 0.2, to: 0.7 }),
  logitNormalTimes(),
  logitNormalTimes({ mean: -0.6, deviation: 0.7 }),
  modeTimes(),
  modeTimes(-0.8),
];

describe.each(all)('times, $name', (distribution) => {
  const u = innerTimes(99);

  test('quantile and density belong together: dt/du = 1 / density', () => {
    const h = 1e-6;
    const slope = distribution
      .quantile(u.add(h))
      .sub(distribution.quantile(u.sub(h)))
      .div(2 * h);
    expect(gap(slope.mul(distribution.density(distribution.quantile(u))), 1)).toBeLessThan(1e-5);
  });

  test('the density sums to 1', () => {
    const n = 20000;
    const t = tensor(
      Array.from({ length: n }, (_, i) => (i + 0.5) / n),
      f64,
    );
    expect(distribution.density(t).mean().item()).toBeCloseTo(1, 3);
  });

  test('draws have it, stratified ones one in each share', () => {
    const options = { distribution, dtype: 'f64' } as const;
    const drawn = sampleTimes(random.key(0), 20000, options);
    const spread = (t: Tensor): number[] => [0.25, 0.5, 0.75].map((q) => t.quantile(q).item());
    const exact = numbers(distribution.quantile(tensor([0.25, 0.5, 0.75], f64)));
    spread(drawn).forEach((value, i) => expect(Math.abs(value - exact[i])).toBeLessThan(0.02));
    const strata = sampleTimes(random.key(1), 100, { ...options, stratified: true });
    const sorted = numbers(strata).sort((a, b) => a - b);
    const edges = numbers(
      distribution.quantile(
        tensor(
          Array.from({ length: 101 }, (_, i) => i / 100),
          f64,
        ),
      ),
    );
    sorted.forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(edges[i] - 1e-12);
      expect(value).toBeLessThanOrEqual(edges[i + 1] + 1e-12);
    });
    expect(numbers(strata)).not.toEqual(sorted);
  });
});

test('the logit-normal density has the closed form at its middle', () => {
  // 1 / (t (1-t)) / sqrt(2π) at t = 1/2
  expect(logitNormalTimes().density(0.5).item()).toBeCloseTo(4 / Math.sqrt(2 * Math.PI), 6);
  expect(numbers(logitNormalTimes().density([0, 1]))).toEqual([0, 0]);
});

test('a loss divided by the density is the loss under uniform times', () => {
  const distribution = logitNormalTimes({ mean: 0.5 });
  const t = sampleTimes(random.key(2), 200_000, { distribution, dtype: 'f64', stratified: true });
  const estimate = t.mul(t.neg().add(1)).div(distribution.density(t)).mean().item();
  expect(estimate).toBeCloseTo(1 / 6, 3);
});

test('times of the caller, seeds and tracing', () => {
  const cubed = sampleTimes(random.key(3), 8, { distribution: (u) => u.pow(3), dtype: 'f64' });
  expect(gap(cubed, sampleTimes(random.key(3), 8, { dtype: 'f64' }).pow(3))).toBe(0);
  const traced = jit((key: random.Key) => sampleTimes(key, 8, { distribution: logitNormalTimes() }));
  expect(gap(traced(random.key(4)), sampleTimes(random.key(4), 8, { distribution: logitNormalTimes() }))).toBeLessThan(
    1e-6,
  );
  expect(sampleTimes(random.key(5), 4).dtype).toBe('f32');
});

test('mistakes are named', () => {
  expect(() => sampleTimes(random.key(0), 4, { distribution: (u) => u.add(1) })).toThrow(TimeRangeError);
  expect(() => sampleTimes(random.key(0), 4, { distribution: (u) => u.sum() })).toThrow(/shape \[4\], got \[\]/);
  expect(() => sampleTimes(random.key(0), 0)).toThrow(/count/);
  expect(() => sampleTimes(random.key(0), 4, { stratifed: true } as never)).toThrow(/Did you mean stratified/);
  expect(() => uniformTimes({ from: 0.5, to: 0.5 })).toThrow(/from < to/);
  expect(() => logitNormalTimes({ deviation: 0 })).toThrow(/deviation/);
  expect(() => modeTimes(2)).toThrow(/from -1 to 1.75/);
});
