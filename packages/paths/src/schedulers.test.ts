import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { condOTScheduler, polynomialScheduler, SchedulerError, schedulerAt, vpScheduler } from './index.ts';
import { f64, gap, innerTimes, numbers, schedulers } from './testing/draws.ts';

describe.each(Object.entries(schedulers))('%s', (_name, scheduler) => {
  const t = innerTimes(99);

  test('dAlpha and dSigma are the derivatives of alpha and sigma', () => {
    const h = 1e-6;
    for (const [f, df] of [
      [scheduler.alpha, scheduler.dAlpha],
      [scheduler.sigma, scheduler.dSigma],
    ]) {
      const difference = f(t.add(h))
        .sub(f(t.sub(h)))
        .div(2 * h);
      expect(gap(df(t), difference)).toBeLessThan(1e-6);
    }
  });

  test('snrInverse undoes alpha / sigma', () => {
    expect(gap(scheduler.snrInverse(scheduler.alpha(t).div(scheduler.sigma(t))), t)).toBeLessThan(1e-12);
  });

  test('the signal-to-noise ratio grows', () => {
    const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(scheduler, t);
    expect(Math.min(...numbers(dAlphaT.mul(sigmaT).sub(dSigmaT.mul(alphaT))))).toBeGreaterThan(0);
  });

  test.each(['f32', 'f64'] as const)('is finite at both ends in %s, and starts at the source', (dtype) => {
    const ends = tensor([0, 1], { dtype });
    const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(scheduler, ends);
    expect(alphaT.dtype).toBe(dtype);
    expect(numbers(dAlphaT).concat(numbers(dSigmaT)).every(Number.isFinite)).toBe(true);
    expect(numbers(alphaT)[1]).toBe(1);
    expect(numbers(sigmaT)[0]).toBeGreaterThan(0.999);
    const back = numbers(scheduler.snrInverse(tensor([0, numbers(alphaT)[1] / numbers(sigmaT)[1]], { dtype })));
    expect(back[0]).toBeCloseTo(0, 6);
    expect(back[1]).toBeCloseTo(1, 6);
  });

  test('is convex where it says so', () => {
    const sum = scheduler.alpha(t).add(scheduler.sigma(t));
    expect(gap(sum, 1) < 1e-15).toBe(scheduler.convex);
  });
});

test('the diffusion path starts with the trace of data that its rates leave', () => {
  const [alpha] = numbers(vpScheduler().alpha(tensor([0], f64)));
  expect(alpha).toBeCloseTo(Math.exp(-(19.9 / 2 + 0.1) / 2), 15);
});

test('parameters out of range are refused', () => {
  expect(() => condOTScheduler({ sigmaMin: 1 })).toThrow(SchedulerError);
  expect(() => polynomialScheduler(0.5)).toThrow(/exponent n >= 1, got 0.5/);
  expect(() => vpScheduler({ betaMin: 2, betaMax: 1 })).toThrow(/0 < betaMin < betaMax, got 2 and 1/);
});

test.each(Object.entries(schedulers))('%s says where its coefficients are 0', (_name, { zeros, ...scheduler }) => {
  const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt({ zeros, ...scheduler }, tensor([0, 1], f64));
  const delta = dAlphaT.mul(sigmaT).sub(dSigmaT.mul(alphaT));
  const zeroAt = (c: Tensor): number | undefined => [0, 1].find((end) => Math.abs(numbers(c)[end]) < 1e-12);
  expect([zeroAt(alphaT), zeroAt(sigmaT), zeroAt(delta)]).toEqual([zeros?.alpha, zeros?.sigma, zeros?.delta]);
});
