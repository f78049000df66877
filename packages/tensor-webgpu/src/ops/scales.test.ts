import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { grad, hessian, hypot, jit, mean, norm, ones, std, tensor, variance, vmap, zeros } = ff;
const numbers = (x: ff.Tensor): number[] => Array.from(x.dataSync());
const ORDERS = [0.5, 1, 1.5, 2, 3, 7, Infinity];

describe('means', () => {
  it('of ones are 1 at every length', () => {
    const lengths = Array.from({ length: 2000 }, (_, n) => n + 1);
    expect(lengths.filter((n) => mean(ones([n])).item() !== 1)).toEqual([]);
    for (const n of [3, 41, 49, 103, 1999]) {
      expect(jit((x: ff.Tensor) => mean(x))(ones([n])).item()).toBe(1);
      expect(jit(() => mean(ones([n])))().item()).toBe(1);
      expect(numbers(vmap((x: ff.Tensor) => x.mean())(ones([2, n])))).toEqual([1, 1]);
      expect(ff.avgPool1d(ones([1, 1, n]), n).item()).toBe(1);
      expect(ff.nanmean(ones([n])).item()).toBe(1);
    }
  });

  it('of segments and windows divide too', () => {
    expect(numbers(ff.segmentMean(ones([41]), zeros([41], { dtype: 'i32' }), 1))).toEqual([1]);
    expect(variance(tensor([0, 2])).item()).toBe(1);
    expect(std(tensor([2, 4, 4, 4, 5, 5, 7, 9])).item()).toBe(2);
  });
});

describe.each(['f32', 'f64'] as const)('norms of %s', (dtype) => {
  const vector = (...values: number[]): ff.Tensor => tensor(values, { dtype });
  const scales = dtype === 'f32' ? [1e-44, 1e-30, 1e-3, 1, 1e15, 1e30, 1e38] : [1e-320, 1e-200, 1, 1e200, 1e307];

  it.each(ORDERS)('of order %d scale with their vector, however large or small', (ord) => {
    for (const scale of scales) {
      const [size] = numbers(vector(scale));
      const digits = scale < 1e-40 ? 0.05 : 1e-6;
      expect(Math.abs(norm(vector(scale, 0), { ord }).item() / size - 1)).toBeLessThan(digits);
      const expected = ord === Infinity ? 1 : 2 ** (1 / ord);
      if (size * expected < (dtype === 'f32' ? 3.4e38 : 1.7e308))
        expect(Math.abs(norm(vector(scale, scale), { ord }).item() / size / expected - 1)).toBeLessThan(digits);
      // Of numbers with a few bits left, only the length is asked for.
      if (digits > 1e-6 && ord !== 2) continue;
      const slope = numbers(grad((x: ff.Tensor) => norm(x, { ord }))(vector(scale, 0)));
      expect(Math.abs(slope[0] - 1)).toBeLessThan(digits);
    }
  });

  it.each(ORDERS)('of order %d have the derivative 0 at 0', (ord) => {
    expect(norm(vector(0, 0, 0), { ord }).item()).toBe(0);
    expect(numbers(grad((x: ff.Tensor) => norm(x, { ord }))(vector(0, 0, 0)))).toEqual([0, 0, 0]);
    const rows = grad((x: ff.Tensor) => norm(x, { ord, axis: 1 }).sum())(
      tensor(
        [
          [0, 0],
          [3, 0],
        ],
        { dtype },
      ),
    );
    expect(numbers(rows)).toEqual([0, 0, expect.closeTo(1, 6), 0]);
  });

  it('keep infinities and NaN', () => {
    for (const ord of ORDERS) {
      expect(norm(vector(Infinity, 1), { ord }).item()).toBe(Infinity);
      expect(norm(vector(-Infinity, Infinity), { ord }).item()).toBe(Infinity);
      expect(norm(vector(Number.NaN, 1), { ord }).item()).toBeNaN();
    }
  });

  it('squared are as smooth as the sum of squares', () => {
    const squares = [
      (x: ff.Tensor) => norm(x).square(),
      (x: ff.Tensor) => norm(x).pow(2),
      (x: ff.Tensor) => norm(x, { keepDims: true }).square().sum(),
      (x: ff.Tensor) => {
        const length = ff.linalg.norm(x);
        return length.mul(length);
      },
    ];
    for (const f of squares) {
      for (const at of [vector(0, 0), vector(3, -4)]) {
        expect(numbers(hessian(f)(at))).toEqual([2, 0, 0, 2]);
        expect(numbers(jit(hessian(f))(at))).toEqual([2, 0, 0, 2]);
        expect(numbers(ff.jacrev(grad(f))(at))).toEqual([2, 0, 0, 2]);
      }
      expect(numbers(vmap(hessian(f))(zeros([2, 2], { dtype })))).toEqual([2, 0, 0, 2, 2, 0, 0, 2]);
    }
    expect(numbers(grad((x: ff.Tensor) => norm(x).square())(vector(3, -4))).map(Math.fround)).toEqual([6, -8]);
  });

  it('and deviations do not square what leaves the range', () => {
    const big = dtype === 'f32' ? 1e30 : 1e200;
    for (const scale of [big, 1 / big]) {
      const [size] = numbers(vector(scale));
      expect(std(vector(scale, -scale)).item() / size).toBeCloseTo(1, 6);
      expect(std(vector(scale, -scale), { ddof: 1 }).item() / size).toBeCloseTo(Math.SQRT2, 6);
      expect(hypot(vector(scale), vector(scale)).item() / size).toBeCloseTo(Math.SQRT2, 6);
      expect(numbers(grad((x: ff.Tensor) => std(x))(vector(scale, -scale)))).toEqual([0.5, -0.5]);
      expect(
        numbers(
          ff.linalg.norm(
            tensor(
              [
                [scale, scale],
                [scale, scale],
              ],
              { dtype },
            ),
          ),
        )[0] / size,
      ).toBeCloseTo(2, 6);
    }
    expect(numbers(grad((x: ff.Tensor) => std(x))(ones([3], { dtype })))).toEqual([0, 0, 0]);
  });
});
