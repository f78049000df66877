import { describe, expect, it } from 'vitest';
import {
  conv1d,
  copysign,
  digamma,
  exp2,
  FlowfieldError,
  floorDivide,
  fmax,
  fmin,
  grad,
  heaviside,
  hypot,
  jit,
  linalg,
  logaddexp,
  logaddexp2,
  logSoftmax,
  maximum,
  minimum,
  mod,
  ones,
  onesLike,
  sign,
  signbit,
  softmax,
  type Tensor,
  tensor,
  zeros,
} from '../index.ts';

const f64 = (...values: number[]): Tensor => tensor(values, { dtype: 'f64' });

describe('NumPy conventions', () => {
  it('floorDivide counts whole multiples: the quotient is not rounded up first', () => {
    const [x, y] = [f64(1, -1, 7, -7, 7, -1, 0.3, 1), f64(0.1, 0.1, 2, 2, -2, Infinity, 0.1, 0)];
    expect(floorDivide(x, y).toArray()).toEqual([9, -10, 3, -4, -4, -1, 2, Infinity]);
    const [a, b] = [f64(5.3, -5.3, 5.3), f64(0.7, 0.7, -0.7)];
    const whole = floorDivide(a, b).mul(b).add(mod(a, b)).sub(a).abs().max().item();
    expect(whole).toBeLessThan(1e-14);
    expect(grad((v: Tensor) => floorDivide(v, 2).sum())(f64(3, 5)).toArray()).toEqual([0, 0]);
  });

  it('hypot is infinite when a leg is, even beside NaN', () => {
    expect(hypot(f64(Infinity, NaN, -Infinity, NaN, 3), f64(NaN, -Infinity, 1, 1, 4)).toArray()).toEqual([
      Infinity,
      Infinity,
      Infinity,
      NaN,
      5,
    ]);
  });

  it('exp2 is exact at integers, however large', () => {
    expect(exp2(f64(710, -710, 100, 0, -Infinity, Infinity)).toArray()).toEqual([
      2 ** 710,
      2 ** -710,
      2 ** 100,
      1,
      0,
      Infinity,
    ]);
    expect(grad((v: Tensor) => exp2(v).sum())(f64(3)).toArray()).toEqual([8 * Math.LN2]);
  });

  it('zeros have the signs that NumPy gives them', () => {
    expect(sign(f64(-0, 0, -2, NaN)).toArray()).toEqual([-0, 0, -1, NaN]);
    expect(maximum(f64(0, -0, -0), f64(-0, 0, -0)).toArray()).toEqual([0, 0, -0]);
    expect(minimum(f64(0, -0, 0), f64(-0, 0, 0)).toArray()).toEqual([-0, -0, 0]);
    const [x, y] = [f64(-0, 0, 4, -4, 4, -4, 0, -0), f64(3, -3, 2, 2, -2, -2, Infinity, -Infinity)];
    expect(mod(x, y).toArray()).toEqual([0, -0, 0, 0, -0, -0, 0, -0]);
    expect(floorDivide(f64(-0, 0, 1, 0, -0), f64(3, -3, 3, 3, -3)).toArray()).toEqual([-0, -0, 0, 0, 0]);
    expect(mod(f64(5, -5, 5, 0), f64(Infinity, Infinity, -Infinity, 0)).toArray()).toEqual([
      5,
      Infinity,
      -Infinity,
      NaN,
    ]);
  });

  it('mod has derivative 1 at the multiples too', () => {
    expect(grad((v: Tensor) => mod(v, 1).sum())(f64(0, 2, -3, 0.5)).toArray()).toEqual([1, 1, 1, 1]);
    expect(grad((v: Tensor) => mod(v, -2).sum())(f64(4, -4, 1)).toArray()).toEqual([1, 1, 1]);
    expect(grad((v: Tensor) => mod(6, v).sum())(f64(2, -3, 4)).toArray()).toEqual([-3, 2, -1]);
  });

  it('signs are told from zeros and copied', () => {
    expect(signbit(f64(-0, 0, -1, Infinity, -Infinity, NaN)).toArray()).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(signbit(tensor([-1, 0], { dtype: 'i32' })).toArray()).toEqual([true, false]);
    expect(copysign(f64(1, 1, -2, 0, NaN), f64(-0, 0, 5, -3, -1)).toArray()).toEqual([-1, 1, 2, -0, NaN]);
    expect(grad((v: Tensor) => copysign(v, f64(-1, 1, -1)).sum())(f64(2, -2, -2)).toArray()).toEqual([-1, -1, 1]);
  });

  it('heaviside, and extremes beside NaN', () => {
    expect(heaviside(f64(-2, -0, 0, 3, NaN), 0.5).toArray()).toEqual([0, 0.5, 0.5, 1, NaN]);
    const [x, y] = [f64(NaN, 1, NaN, 2), f64(1, NaN, NaN, 3)];
    expect(fmax(x, y).toArray()).toEqual([1, 1, NaN, 3]);
    expect(fmin(x, y).toArray()).toEqual([1, 1, NaN, 2]);
    expect(grad((v: Tensor) => fmax(v, f64(1, NaN, 0)).sum())(f64(NaN, 2, 1)).toArray()).toEqual([0, 1, 1]);
  });

  it('logaddexp2 is exact where one side outweighs the other', () => {
    expect(logaddexp2(f64(1e4, 3, -Infinity, 0), f64(-1e4, 3, -Infinity, Infinity)).toArray()).toEqual([
      1e4,
      4,
      -Infinity,
      Infinity,
    ]);
    const direct = logaddexp(Math.LN2, 3 * Math.LN2)
      .div(Math.LN2)
      .item();
    expect(logaddexp2(1, 3).item()).toBeCloseTo(direct, 6);
  });

  it('softmax of a line without weights is NaN', () => {
    expect(softmax(f64(-Infinity, -Infinity)).toArray()).toEqual([NaN, NaN]);
    expect(logSoftmax(f64(-Infinity, -Infinity)).toArray()).toEqual([NaN, NaN]);
    expect(softmax(f64(-Infinity, 1)).toArray()).toEqual([0, 1]);
    expect(logSoftmax(f64(-Infinity, 1)).toArray()).toEqual([-Infinity, 0]);
  });

  it('digamma has the poles of SciPy', () => {
    expect(digamma(f64(0, -0, -1, -Infinity, Infinity)).toArray()).toEqual([-Infinity, Infinity, NaN, NaN, Infinity]);
  });
});

describe('an operation that is made of others names itself in errors', () => {
  const none = tensor([], { shape: [0] });
  it.each<[string, () => unknown]>([
    ['median', () => none.median()],
    ['median', () => tensor([1]).median({ axis: 3 })],
    ['median', () => tensor([1]).median({ axs: 0 } as never)],
    ['softmax', () => none.softmax()],
    ['softmax', () => tensor([1]).softmax({ axis: 1 })],
    ['logSoftmax', () => none.logSoftmax()],
    ['logsumexp', () => none.logsumexp()],
    ['ptp', () => none.ptp()],
    ['nanmax', () => none.nanmax()],
    ['matrixTranspose', () => tensor([1]).matrixTranspose()],
    ['at', () => tensor([1, 2]).at(-3)],
    ['at', () => tensor([1, 2]).at(0, 0)],
    ['leakyRelu', () => tensor([1]).leakyRelu('x' as never)],
    ['tril', () => zeros([2, 2]).tril('a' as never)],
    ['zeros', () => zeros(3 as never)],
    ['ones', () => ones([2], { dtyp: 'i32' } as never)],
    ['onesLike', () => onesLike(tensor(1), { dtype: 'float' as never })],
    ['conv', () => conv1d(zeros([1, 1, 3]), zeros([1, 1, 2]), { padding: 'sam' as never })],
    ['to', () => tensor([1]).to(undefined as never)],
    ['linalg.lstsq', () => linalg.lstsq(zeros([2, 2]), zeros([2]), { rconf: 1 } as never)],
  ])('%s', (name, call) => {
    for (const run of [call, () => jit(() => call())()]) {
      let caught: unknown;
      try {
        run();
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(FlowfieldError);
      expect((caught as Error).message).toMatch(new RegExp(`^${name}: `));
      expect((caught as Error).stack).toContain((caught as Error).message);
    }
  });
});
