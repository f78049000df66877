import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  arange,
  concat,
  DTypeError,
  diag,
  dynamicSlice,
  eye,
  flatten,
  gather,
  jit,
  lexsort,
  meshgrid,
  moveaxis,
  oneHot,
  pad,
  quantile,
  repeat,
  reshape,
  roll,
  ShapeError,
  searchsorted,
  segmentMax,
  segmentMean,
  segmentSoftmax,
  segmentSum,
  slice,
  sort,
  split,
  squeeze,
  stack,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  tile,
  topK,
  tril,
  triu,
} from '../index.ts';

const grid = arange(6).reshape([2, 3]);

describe('slice', () => {
  const bound = fc.option(fc.integer({ min: -8, max: 8 }), { nil: null });
  const step = fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0);

  /** Python's slice of a list, from its documentation. */
  function pythonSlice(list: readonly number[], start: number | null, stop: number | null, by: number): number[] {
    const n = list.length;
    const clamp = (value: number, low: number, high: number): number =>
      Math.min(Math.max(value < 0 ? value + n : value, low), high);
    const first = start === null ? (by > 0 ? 0 : n - 1) : by > 0 ? clamp(start, 0, n) : clamp(start, -1, n - 1);
    const last = stop === null ? (by > 0 ? n : -1) : by > 0 ? clamp(stop, 0, n) : clamp(stop, -1, n - 1);
    const out: number[] = [];
    for (let i = first; by > 0 ? i < last : i > last; i += by) out.push(list[i]);
    return out;
  }

  test('ranges are those of Python', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), bound, bound, step, (n, start, stop, by) => {
        const list = Array.from({ length: n }, (_, i) => i * 10);
        expect(slice(tensor(list), { start, stop, step: by }).toArray()).toEqual(pythonSlice(list, start, stop, by));
        expect(slice(tensor(list), [start, stop, by]).toArray()).toEqual(pythonSlice(list, start, stop, by));
      }),
      { numRuns: 80 },
    );
  });

  test('integers drop axes, null adds one, dots stand for the middle', () => {
    expect(slice(grid, 1).toArray()).toEqual([3, 4, 5]);
    expect(slice(grid, -1, 0).item()).toBe(3);
    expect(slice(grid, '...', 1).toArray()).toEqual([1, 4]);
    expect(slice(grid, null, '...', null).shape).toEqual([1, 2, 3, 1]);
    expect(slice(grid, { step: -1 }, [1, 3]).toArray()).toEqual([
      [4, 5],
      [1, 2],
    ]);
    expect(grid.at(0, 2).item()).toBe(2);
  });

  test('what cannot be is a named error', () => {
    expect(() => slice(grid, 2)).toThrow(/index 2 is out of range for axis 0 of shape \[2, 3\]/);
    expect(() => slice(grid, 0, 0, 0)).toThrow(ArgumentError);
    expect(() => slice(grid, '...', '...')).toThrow(ArgumentError);
    expect(() => slice(grid, { step: 0 })).toThrow(ArgumentError);
    expect(() => slice(grid, 0.5)).toThrow(ArgumentError);
  });
});

describe('shape functions', () => {
  test('reshape fills in one extent', () => {
    expect(reshape(grid, [3, -1]).shape).toEqual([3, 2]);
    expect(() => reshape(grid, [4, -1])).toThrow(ShapeError);
    expect(() => reshape(grid, [-1, -1])).toThrow(ShapeError);
    expect(() => reshape(grid, [7])).toThrow(/6 elements/);
  });

  test('moving axes', () => {
    expect(grid.T.toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(moveaxis(arange(24).reshape([2, 3, 4]), [0, 1], [-1, 0]).shape).toEqual([3, 4, 2]);
    expect(() => grid.transpose([0, 0])).toThrow(ArgumentError);
    expect(flatten(arange(24).reshape([2, 3, 4]), 1).shape).toEqual([2, 12]);
    expect(() => squeeze(grid, 0)).toThrow(ShapeError);
  });

  test('joining and cutting', () => {
    expect(concat([grid, [[9, 9, 9]]]).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [9, 9, 9],
    ]);
    expect(concat([grid, grid.add(0.5)], -1).dtype).toBe('f32');
    expect(
      stack(
        [
          [1, 2],
          [3, 4],
        ],
        1,
      ).toArray(),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(split(grid, 3, 1).map((part) => part.toArray())).toEqual([
      [[0], [3]],
      [[1], [4]],
      [[2], [5]],
    ]);
    expect(split(grid, [1, 2], 1).map((part) => part.shape)).toEqual([
      [2, 1],
      [2, 2],
    ]);
    expect(() => split(grid, 2, 1)).toThrow(/extent 3/);
    expect(() => concat([grid, [[1, 2]]])).toThrow(ShapeError);
    expect(() => concat([])).toThrow(ArgumentError);
    expect(() => stack([[1], [1, 2]])).toThrow(ShapeError);
  });

  test('repeating', () => {
    expect(tile([1, 2], [2, 2]).toArray()).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    expect(repeat([1, 2], 2).toArray()).toEqual([1, 1, 2, 2]);
    expect(roll([1, 2, 3, 4], 5).toArray()).toEqual([4, 1, 2, 3]);
    expect(roll(grid, -1, 1).toArray()).toEqual([
      [1, 2, 0],
      [4, 5, 3],
    ]);
    const [x, y] = meshgrid([
      [1, 2],
      [3, 4, 5],
    ]);
    expect([x.toArray(), y.toArray()]).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [3, 4, 5],
        [3, 4, 5],
      ],
    ]);
    expect(
      meshgrid(
        [
          [1, 2],
          [3, 4, 5],
        ],
        { indexing: 'xy' },
      )[0].shape,
    ).toEqual([3, 2]);
  });

  test('padding', () => {
    expect(pad([1, 2], [1, 2], { value: 9 }).toArray()).toEqual([9, 1, 2, 9, 9]);
    expect(pad([1, 2, 3], 2, { mode: 'reflect' }).toArray()).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(pad([1, 2, 3], 2, { mode: 'symmetric' }).toArray()).toEqual([2, 1, 1, 2, 3, 3, 2]);
    expect(pad([1, 2, 3], 2, { mode: 'wrap' }).toArray()).toEqual([2, 3, 1, 2, 3, 1, 2]);
    expect(pad([1, 2, 3], [0, 2], { mode: 'edge' }).toArray()).toEqual([1, 2, 3, 3, 3]);
    expect(() => pad([1, 2, 3], 3, { mode: 'reflect' })).toThrow(/at most 2/);
    expect(() => pad(grid, [[1, 1]])).toThrow(ArgumentError);
    expect(() => pad(grid, -1)).toThrow(ArgumentError);
  });

  test('triangles and diagonals', () => {
    expect(tril(grid.add(1)).toArray()).toEqual([
      [1, 0, 0],
      [4, 5, 0],
    ]);
    expect(diag([1, 2]).toArray()).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(grid.diagonal().toArray()).toEqual([0, 4]);
    expect(() => tril([1, 2])).toThrow(ShapeError);
    for (const triangle of [tril, triu]) {
      for (const offset of [1.5, Number.NaN, { offset: 1 }, '1'])
        expect(() => triangle(grid, offset as number)).toThrow(/tri[lu]: expected offset as an integer, got/);
    }
    // Diagonals far outside keep all or nothing.
    expect(tril(grid, 1e12).toArray()).toEqual(grid.toArray());
    expect(triu(grid, -1e12).toArray()).toEqual(grid.toArray());
    expect(tril(grid, -1e12).sum().item()).toBe(0);
    expect(triu(grid, 1e12).sum().item()).toBe(0);
    expect(
      jit(() => eye(2, 3, { offset: 2 ** 40 }))()
        .sum()
        .item(),
    ).toBe(0);
  });
});

describe('taking and scattering', () => {
  test('take wraps negative indices and replaces the axis', () => {
    expect(take(grid, [[2, -1]], { axis: 1 }).toArray()).toEqual([[[2, 2]], [[5, 5]]]);
    expect(take(grid, 1).toArray()).toEqual([3, 4, 5]);
    expect(take(grid, tensor([7, -9], { dtype: 'i32' }), { axis: 0 }).toArray()).toEqual([
      [3, 4, 5],
      [0, 1, 2],
    ]);
    expect(() => take(grid, [0, 3], { axis: 1 })).toThrow(/index 3 is out of range for extent 3/);
    expect(() => take(grid, tensor([0.5]))).toThrow(DTypeError);
    expect(takeAlongAxis(grid, [[2], [0]], 1).toArray()).toEqual([[2], [3]]);
    expect(() => takeAlongAxis(grid, [[0, 0]], 1)).toThrow(ShapeError);
    expect(gather(grid, [[2], [0]], { batchDims: 1 }).toArray()).toEqual([[2], [3]]);
  });

  test('scatters join updates and drop what is out of range', () => {
    const indices = tensor([1, 1, 7], { dtype: 'i32' });
    expect(tensor([0, 10, 20]).scatterAdd(indices, [1, 2, 4]).toArray()).toEqual([0, 13, 20]);
    expect(tensor([0, 10, 20]).scatterSet(indices, [1, 2, 4]).toArray()).toEqual([0, 2, 20]);
    expect(tensor([0, 10, 20]).scatterMin(indices, [1, 2, 4]).toArray()).toEqual([0, 1, 20]);
    expect(tensor([0, 10, 20]).scatterMax(indices, [1, 12, 4]).toArray()).toEqual([0, 12, 20]);
    expect(tensor([0, 10, 20]).scatterMul(indices, [3, 2, 4]).toArray()).toEqual([0, 60, 20]);
    expect(grid.scatterAdd([0], 10).toArray()).toEqual([
      [10, 11, 12],
      [3, 4, 5],
    ]);
  });

  test('dynamic slices move so that they fit', () => {
    const at = jit((i: Tensor) => dynamicSlice(grid, [0, i], [2, 2]));
    expect(at(tensor(1, { dtype: 'i32' })).toArray()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(at(tensor(9, { dtype: 'i32' })).toArray()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(grid.dynamicUpdateSlice([[9]], [1, 1]).toArray()).toEqual([
      [0, 1, 2],
      [3, 9, 5],
    ]);
    expect(() => dynamicSlice(grid, [0], [1, 1])).toThrow(ArgumentError);
  });

  test('oneHot leaves out what is out of range', () => {
    expect(oneHot([0, 2, 5], 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]);
  });

  test('segments', () => {
    const ids = [0, 2, 0, 9];
    expect(segmentSum([1, 2, 3, 4], ids, 3).toArray()).toEqual([4, 0, 2]);
    expect(
      segmentMean(
        [
          [1, 1],
          [2, 4],
          [3, 5],
          [0, 0],
        ],
        ids,
        3,
      ).toArray(),
    ).toEqual([
      [2, 3],
      [0, 0],
      [2, 4],
    ]);
    expect(segmentMax([1, 2, 3, 4], ids, 3).toArray()).toEqual([3, Number.NEGATIVE_INFINITY, 2]);
    expect(segmentSoftmax([1000, 5, 1000], [0, 1, 0], 2).toArray()).toEqual([0.5, 1, 0.5]);
    expect(() => segmentSum([1, 2], [0], 3)).toThrow(ShapeError);
    expect(() => segmentSum([1], tensor([0.5]), 3)).toThrow(DTypeError);
  });
});

describe('sorting', () => {
  test('is stable, with NaN last in either direction', () => {
    const x = tensor([3, Number.NaN, 1, 2]);
    expect(sort(x).toArray()).toEqual([1, 2, 3, Number.NaN]);
    expect(sort(x, { descending: true }).toArray()).toEqual([3, 2, 1, Number.NaN]);
    expect(tensor([1, 0, 1, 0]).argsort().toArray()).toEqual([1, 3, 0, 2]);
    expect(tensor([1, 0, 1, 0]).argsort({ descending: true }).toArray()).toEqual([0, 2, 1, 3]);
    expect(
      tensor([-(2 ** 31), 5, 2 ** 31 - 1], { dtype: 'i32' })
        .argsort({ descending: true })
        .toArray(),
    ).toEqual([2, 1, 0]);
    expect(tensor([0, 4e9, 5], { dtype: 'u32' }).sort({ descending: true }).toArray()).toEqual([4e9, 5, 0]);
    expect(
      sort(
        [
          [3, 1],
          [2, 2],
        ],
        { axis: 0 },
      ).toArray(),
    ).toEqual([
      [2, 1],
      [3, 2],
    ]);
  });

  test('topK', () => {
    const { values, indices } = topK(
      [
        [1, 3, 2],
        [6, 5, 4],
      ],
      2,
    );
    expect([values.toArray(), indices.toArray()]).toEqual([
      [
        [3, 2],
        [6, 5],
      ],
      [
        [1, 2],
        [0, 1],
      ],
    ]);
    expect(() => topK([1, 2], 3)).toThrow(ArgumentError);
  });

  test('lexsort takes the last key first', () => {
    expect(
      lexsort([
        [1, 0, 1, 0],
        [2, 2, 1, 1],
      ]).toArray(),
    ).toEqual([3, 2, 1, 0]);
  });

  test('searchsorted agrees with counting', () => {
    const numbers = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 9 });
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom('left' as const, 'right' as const), (list, wanted, side) => {
        const sorted = [...list].sort((a, b) => a - b);
        const expected = wanted.map(
          (value) => sorted.filter((key) => (side === 'left' ? key < value : key <= value)).length,
        );
        expect(searchsorted(tensor(sorted), tensor(wanted), { side }).toArray()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('quantile', () => {
    expect(
      quantile(
        [
          [4, 1],
          [3, 2],
        ],
        0.5,
      ).item(),
    ).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], [0, 0.3, 1]).toArray()).toEqual([1, Math.fround(2.2), 5]);
    expect(
      quantile(
        [
          [1, 2],
          [3, Number.NaN],
        ],
        0,
        { axis: 1, keepDims: true },
      ).toArray(),
    ).toEqual([[1], [Number.NaN]]);
    expect(() => quantile([1], 1.5)).toThrow(ArgumentError);
  });
});
