import { describe, expect, it } from 'vitest';
import { exp2, floorDivide, grad, hypot, mod, type Tensor, tensor } from '../index.ts';

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
});
