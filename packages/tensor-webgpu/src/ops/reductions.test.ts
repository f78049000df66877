import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  all,
  any,
  argmax,
  argmin,
  cumsum,
  max,
  mean,
  norm,
  prod,
  std,
  sum,
  tensor,
  variance,
} from '../index.ts';

const grid = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('reductions', () => {
  test('axes: all, one, several, negative, kept', () => {
    expect(sum(grid).item()).toBe(21);
    expect(sum(grid, { axis: 0 }).toArray()).toEqual([5, 7, 9]);
    expect(sum(grid, { axis: -1, keepDims: true }).toArray()).toEqual([[6], [15]]);
    expect(sum(grid, { axis: [0, 1] }).shape).toEqual([]);
    expect(sum(grid, { axis: [] }).toArray()).toEqual(grid.toArray());
    expect(() => sum(grid, { axis: 2 })).toThrow(ArgumentError);
    expect(() => sum(grid, { axis: [0, -2] })).toThrow(ArgumentError);
  });

  test('empty axes: the neutral element, or a named error where there is none', () => {
    const empty = tensor([[], []]);
    expect(sum(empty, { axis: 1 }).toArray()).toEqual([0, 0]);
    expect(prod(empty).item()).toBe(1);
    expect(any(empty).toArray()).toBe(false);
    expect(all(empty).toArray()).toBe(true);
    for (const reduction of [max, mean, argmax, variance]) expect(() => reduction(empty)).toThrow(ArgumentError);
  });

  test('NaN shows in max and argmax', () => {
    const x = tensor([1, Number.NaN, 3]);
    expect(max(x).item()).toBeNaN();
    expect(argmax(x).item()).toBe(1);
    expect(argmin(x).item()).toBe(1);
  });

  test('argmax takes the first of equals, along an axis or flat', () => {
    expect(
      argmax(
        [
          [1, 3, 3],
          [2, 0, 2],
        ],
        { axis: 1 },
      ).toArray(),
    ).toEqual([1, 0]);
    expect(
      argmax([
        [1, 3],
        [3, 0],
      ]).item(),
    ).toBe(1);
    expect(argmax(grid, { axis: 0, keepDims: true }).shape).toEqual([1, 3]);
    expect(argmax(grid, { keepDims: true }).shape).toEqual([1, 1]);
  });

  test('variance and std', () => {
    expect(variance(grid, { axis: 1 }).toArray()).toEqual([Math.fround(2 / 3), Math.fround(2 / 3)]);
    expect(grid.var({ axis: 1, ddof: 1 }).toArray()).toEqual([1, 1]);
    expect(std([1, 1, 3, 3]).item()).toBe(1);
    expect(() => variance([1], { ddof: 1 })).toThrow(ArgumentError);
  });

  test('norms', () => {
    expect(norm([3, -4]).item()).toBe(5);
    expect(norm([3, -4], { ord: 1 }).item()).toBe(7);
    expect(norm([3, -4], { ord: Number.POSITIVE_INFINITY }).item()).toBe(4);
    expect(
      norm(
        [
          [3, 4],
          [6, 8],
        ],
        { axis: 1, keepDims: true },
      ).toArray(),
    ).toEqual([[5], [10]]);
    expect(() => norm([1], { ord: 0 })).toThrow(ArgumentError);
  });

  test('running sums flatten without an axis', () => {
    expect(cumsum(grid).toArray()).toEqual([1, 3, 6, 10, 15, 21]);
    expect(cumsum(grid, { axis: 1, reverse: true }).toArray()).toEqual([
      [6, 5, 3],
      [15, 11, 6],
    ]);
  });
});
