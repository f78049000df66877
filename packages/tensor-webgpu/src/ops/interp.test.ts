import { describe, expect, it } from 'vitest';
import { ArgumentError, grad, interp, ShapeError, type Tensor, tensor, vmap } from '../index.ts';

const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'f64' });
const KNOTS = f64([0, 1, 3]);
const VALUES = f64([2, 4, -2]);

describe('interp', () => {
  it('is linear between knots, exact at them and constant outside', () => {
    const x = f64([
      [-5, 0, 0.5],
      [1, 2, 3],
      [7, -Infinity, Infinity],
    ]);
    expect(interp(x, KNOTS, VALUES).toArray()).toEqual([
      [2, 2, 3],
      [4, 1, -2],
      [-2, 2, -2],
    ]);
    expect(interp(f64([-1, 0, 3, 4]), KNOTS, VALUES, { left: 7, right: NaN }).toArray()).toEqual([7, 2, -2, NaN]);
    expect(interp(0.5, KNOTS, VALUES).item()).toBe(3);
    expect(interp(f64([NaN]), KNOTS, VALUES).toArray()).toEqual([NaN]);
    expect(interp([1, 2], [0, 4], [0, 8]).toArray()).toEqual([2, 4]);
  });

  it('jumps at equal knots and takes a single one', () => {
    expect(interp(f64([0.5, 1, 1.5]), f64([0, 1, 1, 2]), f64([0, 2, 10, 20])).toArray()).toEqual([1, 10, 15]);
    expect(interp(f64([1, 0.5]), f64([0, 1, 1]), f64([0, 1, 2])).toArray()).toEqual([2, 0.5]);
    expect(interp(f64([-1, 0, 1]), f64([0]), f64([5])).toArray()).toEqual([5, 5, 5]);
  });

  it('has the slope as its derivative, and the weights of the two neighbours', () => {
    expect(grad((x: Tensor) => interp(x, KNOTS, VALUES).sum())(f64([0.5, 2])).toArray()).toEqual([2, -3]);
    expect(grad((x: Tensor) => interp(x, KNOTS, VALUES))(tensor(9)).item()).toBeCloseTo(0);
    expect(grad((y: Tensor) => interp(1.5, KNOTS, y))(VALUES).toArray()).toEqual([0, 0.75, 0.25]);
  });

  it('maps over many functions', () => {
    const many = vmap((y: Tensor) => interp(f64([0.5, 2]), KNOTS, y))(
      f64([
        [0, 2, 4],
        [2, 4, -2],
      ]),
    );
    expect(many.toArray()).toEqual([
      [1, 3],
      [3, 1],
    ]);
  });

  it('refuses knots and values that do not fit', () => {
    expect(() => interp(1, [0, 1], [0])).toThrow(ShapeError);
    expect(() => interp(1, [], [])).toThrow(ShapeError);
    expect(() => interp(1, KNOTS, VALUES, { left: '0' as unknown as number })).toThrow(ArgumentError);
  });
});
