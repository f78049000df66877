import { describe, expect, it } from 'vitest';
import { ArgumentError, grad, nanmax, nanmean, nanmin, nansum, ptp, type Tensor, tensor, zeros } from '../index.ts';

const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'f64' });
const ROWS = f64([
  [1, NaN, 3],
  [NaN, NaN, NaN],
  [-2, 4, 1],
]);

describe('reductions that leave NaN out', () => {
  it('count only numbers', () => {
    expect(nansum(ROWS, { axis: 1 }).toArray()).toEqual([4, 0, 3]);
    expect(nanmean(ROWS, { axis: 1 }).toArray()).toEqual([2, NaN, 1]);
    expect(nanmax(ROWS, { axis: 1, keepDims: true }).toArray()).toEqual([[3], [NaN], [4]]);
    expect(nanmin(ROWS, { axis: -1 }).toArray()).toEqual([1, NaN, -2]);
    expect([nansum(ROWS), nanmean(ROWS), nanmax(ROWS), nanmin(ROWS)].map((x) => x.item())).toEqual([7, 1.4, 4, -2]);
  });

  it('take an infinity for a number', () => {
    expect(nanmax(f64([-Infinity, NaN])).item()).toBe(-Infinity);
    expect(nanmin(f64([Infinity, NaN])).item()).toBe(Infinity);
  });

  it('are the plain ones of integers and booleans', () => {
    const x = tensor([3, -1], { dtype: 'i32' });
    expect([nansum(x), nanmax(x), nanmin(x)].map((y) => `${y.item()} ${y.dtype}`)).toEqual([
      '2 i32',
      '3 i32',
      '-1 i32',
    ]);
    expect([nanmean(x).item(), nansum(tensor([true, true])).item()]).toEqual([1, 2]);
  });

  it('give NaN no derivative', () => {
    expect(grad((x: Tensor) => nanmean(x))(f64([1, NaN, 3])).toArray()).toEqual([0.5, 0, 0.5]);
    expect(grad((x: Tensor) => nanmax(x).mul(2))(f64([1, NaN, 3])).toArray()).toEqual([0, 0, 2]);
  });

  it('refuse to take an extreme of nothing', () => {
    expect(() => nanmax(zeros([0]))).toThrow(ArgumentError);
    expect(() => ptp(zeros([2, 0]), { axis: 1 })).toThrow(ArgumentError);
  });
});

describe('ptp', () => {
  it('is the width of the range', () => {
    expect(
      ptp(
        f64([
          [1, 5],
          [2, -2],
        ]),
        { axis: 1 },
      ).toArray(),
    ).toEqual([4, 4]);
    expect(ptp(tensor([3, -4], { dtype: 'i32' })).toArray()).toBe(7);
    expect(ptp(f64([1, NaN])).item()).toBeNaN();
  });
});
