import { describe, expect, test } from 'vitest';
import {
  cumlogsumexp,
  grad,
  hessian,
  hypot,
  logaddexp,
  logSoftmax,
  logsumexp,
  mean,
  nanToNum,
  norm,
  sigmoid,
  sinc,
  softmax,
  softplus,
  std,
  type Tensor,
  tensor,
  variance,
} from '../index.ts';

const INF = Number.POSITIVE_INFINITY;
const f64 = (data: number[]): Tensor => tensor(data, { dtype: 'f64', device: 'reference' });

describe('values at the edges', () => {
  test('softmax and logsumexp do not overflow', () => {
    expect(softmax(tensor([1000, 1000])).toArray()).toEqual([0.5, 0.5]);
    expect(softmax(tensor([-INF, 0])).toArray()).toEqual([0, 1]);
    expect(logSoftmax(tensor([1000, 0])).toArray()).toEqual([0, -1000]);
    expect(logsumexp(tensor([1000, 1000])).item()).toBeCloseTo(1000 + Math.LN2, 3);
    expect(logsumexp(tensor([-INF, -INF])).item()).toBe(-INF);
    expect(logsumexp(tensor([INF, 0])).item()).toBe(INF);
    expect(logsumexp(tensor([Number.NaN, 0])).item()).toBeNaN();
    expect(cumlogsumexp(f64([-INF, 0, 1000]), { axis: 0 }).toArray()).toEqual([-INF, 0, 1000]);
  });

  test('logaddexp', () => {
    expect(logaddexp(tensor([-INF, -INF, INF, 0, 1000]), tensor([-INF, 3, INF, -50, -1000])).toArray()).toEqual([
      -INF,
      3,
      INF,
      Math.fround(Math.log1p(Math.exp(-50))),
      1000,
    ]);
    expect(logaddexp(Number.NaN, 1).item()).toBeNaN();
  });

  test('softplus, sigmoid, hypot, sinc', () => {
    expect(softplus(tensor([1e4, -1e4]), 100).toArray()).toEqual([1e4, 0]);
    expect(sigmoid(tensor([-1e4, 1e4])).toArray()).toEqual([0, 1]);
    expect(hypot(tensor([3e30, 0, INF]), tensor([4e30, 0, 1])).dataSync()[0] / 5e30).toBeCloseTo(1, 6);
    expect(hypot(tensor([0, INF]), tensor([0, 1])).toArray()).toEqual([0, INF]);
    expect(sinc(tensor([0, 1, 0.5])).dataSync()[0]).toBe(1);
  });

  test('variance in two passes keeps its digits far from 0', () => {
    const x = [1, 2, 3, 4].map((value) => value + 2 ** 20);
    expect(variance(tensor(x)).item()).toBe(1.25);
    expect(mean(tensor([1, 2, 4], { dtype: 'i32' })).item()).toBeCloseTo(7 / 3, 6);
  });

  test('nanToNum', () => {
    expect(nanToNum(tensor([Number.NaN, INF, -INF, 1]), { posInf: 9, negInf: -9 }).toArray()).toEqual([0, 9, -9, 1]);
    expect(nanToNum(tensor([INF])).item()).toBe(3.4028234663852886e38);
  });
});

describe('derivatives at the edges are finite', () => {
  const gradient = (f: (x: Tensor) => Tensor, at: number[]): number[] => Array.from(grad(f)(f64(at)).dataSync());

  test('norm and std at 0 have derivative 0', () => {
    expect(gradient((x) => norm(x), [0, 0])).toEqual([0, 0]);
    expect(gradient((x) => std(x), [2, 2])).toEqual([0, 0]);
    expect(gradient((x) => hypot(x.at(0), x.at(1)), [0, 0])).toEqual([0, 0]);
    expect(gradient((x) => norm(x), [0, -4])).toEqual([0, -1]);
  });

  test('logaddexp at infinities and at ties, to second order', () => {
    const f = (x: Tensor): Tensor => logaddexp(x.at(0), x.at(1));
    expect(gradient(f, [-INF, -INF]).every(Number.isFinite)).toBe(true);
    expect(gradient(f, [-INF, 2])).toEqual([0, 1]);
    expect(gradient(f, [1, 1])).toEqual([0.5, 0.5]);
    expect(hessian(f)(f64([1, 1])).toArray()).toEqual([
      [0.25, -0.25],
      [-0.25, 0.25],
    ]);
  });

  test('logsumexp with everything masked, softmax with all but one', () => {
    expect(gradient((x) => logsumexp(x), [-INF, -INF])).toEqual([0, 0]);
    expect(gradient((x) => softmax(x).square().sum(), [-INF, 1]).map(Math.abs)).toEqual([0, 0]);
    expect(gradient((x) => logsumexp(x), [-INF, 1])).toEqual([0, 1]);
  });

  test('hypot at ties, to second order', () => {
    const at = hessian((x: Tensor) => hypot(x.at(0), x.at(1)))(f64([1, 1])).dataSync();
    const expected = [1, -1, -1, 1].map((sign) => sign / (2 * Math.SQRT2));
    expected.forEach((value, i) => expect(at[i]).toBeCloseTo(value, 12));
  });

  test('sinc at 0', () => {
    expect(gradient((x) => sinc(x).sum(), [0])).toEqual([0]);
    expect(hessian((x: Tensor) => sinc(x).sum())(f64([0])).item()).toBeCloseTo(-(Math.PI ** 2) / 3, 12);
  });

  test('softplus of large arguments', () => {
    expect(gradient((x) => softplus(x, 100).sum(), [50, -50])).toEqual([1, 0]);
  });
});
