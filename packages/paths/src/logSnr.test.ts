import { grad, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  condOTScheduler,
  cosineScheduler,
  logSnr,
  type Scheduler,
  SchedulerError,
  SingularConversionError,
  TimeRangeError,
} from './index.ts';
import { f64, gap, innerTimes, numbers, schedulers } from './testing/draws.ts';

describe.each(Object.entries(schedulers))('log-SNR, %s', (_name, scheduler) => {
  const t = innerTimes(49);
  const lambda = logSnr(scheduler);

  test('is ln(α/σ), and its inverse undoes it', () => {
    const values = lambda.value(t);
    expect(gap(values, scheduler.alpha(t).div(scheduler.sigma(t)).log())).toBeLessThan(1e-12);
    expect(gap(lambda.inverse(values), t)).toBeLessThan(1e-12);
  });

  test('its derivatives are those of differences, and of reverse mode through both directions', () => {
    const h = 1e-5;
    const difference = lambda
      .value(t.add(h))
      .sub(lambda.value(t.sub(h)))
      .div(2 * h);
    const slope = lambda.derivative(t);
    expect(gap(slope.sub(difference).div(slope), 0)).toBeLessThan(1e-6);
    expect(gap(grad((at: Tensor) => lambda.value(at).sum())(t).div(slope), 1)).toBeLessThan(1e-9);
    const values = lambda.value(t);
    const back = lambda.inverseDerivative(values);
    expect(gap(back.mul(slope), 1)).toBeLessThan(1e-9);
    expect(gap(grad((at: Tensor) => lambda.inverse(at).sum())(values).div(back), 1)).toBeLessThan(1e-9);
  });

  test('values beyond the schedule give its ends', () => {
    const beyond = lambda.inverse(tensor([Number.NEGATIVE_INFINITY, -1000, 1000, Number.POSITIVE_INFINITY], f64));
    const found = numbers(beyond);
    expect(found[0]).toBeCloseTo(0, 12);
    expect(found[1]).toBeCloseTo(0, 12);
    if (numbers(scheduler.sigma(tensor([1], f64)))[0] === 0) expect(found.slice(2)).toEqual([1, 1]);
    expect(found.every(Number.isFinite)).toBe(true);
  });
});

test('the derivative of the inverse is whole where its two forms meet, at a ratio of 1', () => {
  for (const scheduler of Object.values(schedulers)) {
    const h = 1e-6;
    const at = (s: number): number => scheduler.snrInverse(tensor(s, f64)).item();
    const slope = grad((s: Tensor) => scheduler.snrInverse(s))(tensor(1, f64)).item();
    expect(slope / ((at(1 + h) - at(1 - h)) / (2 * h))).toBeCloseTo(1, 5);
  }
});

test('a ratio below 0 is none at all, NaN stays', () => {
  for (const scheduler of Object.values(schedulers)) {
    const [below, none, unknown] = numbers(scheduler.snrInverse(tensor([-1, 0, Number.NaN], f64)));
    expect(below).toBe(none);
    expect(unknown).toBeNaN();
  }
});

test('keeps its digits next to the data end in f32', () => {
  const t = 1 - 2 ** -22;
  for (const [name, scheduler] of Object.entries(schedulers)) {
    const wide = logSnr(scheduler).value(tensor(t, f64)).item();
    const narrow = logSnr(scheduler)
      .value(tensor(t, { dtype: 'f32' }))
      .item();
    expect(Math.abs(narrow - wide), name).toBeLessThan(1e-5 * Math.abs(wide));
  }
});

test('mistakes are named', () => {
  expect(() => logSnr('cosine' as unknown as Scheduler)).toThrow(SchedulerError);
  expect(() => logSnr(cosineScheduler()).value(1.5)).toThrow(TimeRangeError);
  expect(() => logSnr(condOTScheduler()).derivative(0)).toThrow(SingularConversionError);
  expect(numbers(logSnr(condOTScheduler()).value([0, 1]))).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
});
