import { ArgumentError, grad, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { LayerShapeError, poolByPattern } from '../index.ts';
import { difference, normals } from '../testing/arrays.ts';
import { equalityPattern, tuples } from '../testing/tuples.ts';

const matrix = tensor(
  [
    [1, -2, 5],
    [4, -7, 3],
    [-9, 0, 2],
  ],
  { dtype: 'f64' },
).reshape([3, 3, 1]);

test('order 2: the diagonal, then all others', () => {
  expect(poolByPattern(matrix, { order: 2 }).toArray()).toEqual([2, 5]);
  expect(poolByPattern(matrix, { order: 2, reduce: 'sum' }).toArray()).toEqual([-4, 1]);
  expect((poolByPattern(matrix, { order: 2, reduce: 'mean' }).toArray() as number[])[1]).toBeCloseTo(1 / 6, 15);
  const negative = tensor([
    [-1, -2],
    [-3, -4],
  ]).reshape([2, 2, 1]);
  expect(poolByPattern(negative, { order: 2 }).toArray()).toEqual([-1, -2]);
});

test('one node has no other entries: 0', () => {
  const one = tensor([[[-3, -4]]], { dtype: 'f64' });
  for (const reduce of ['max', 'sum', 'mean'] as const) {
    expect(poolByPattern(one, { order: 2, reduce }).toArray()).toEqual([-3, -4, 0, 0]);
  }
  const gradient = grad((x: Tensor) => poolByPattern(x, { order: 2 }).sum())(one);
  expect(gradient.toArray()).toEqual([[[1, 1]]]);
});

test.each([1, 2, 3])('order %i: each pattern of indices on its own, and relabelling changes nothing', (order) => {
  const n = 4;
  const x = normals(order, [...Array<number>(order).fill(n), 1]);
  const values = x.dataSync();
  const groups = new Map<string, number[]>();
  tuples(n, order).forEach((tuple, i) => {
    const pattern = equalityPattern(tuple);
    groups.set(pattern, [...(groups.get(pattern) ?? []), values[i]]);
  });
  const expected = [...groups].sort().map(([, list]) => list);
  const close = (reduce: 'max' | 'sum' | 'mean', f: (list: number[]) => number) => {
    const wanted = expected.map(f).sort((a, b) => a - b);
    const found = (poolByPattern(x, { order, reduce }).toArray() as number[]).sort((a, b) => a - b);
    wanted.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 12);
    });
  };
  close('max', (list) => Math.max(...list));
  close('sum', (list) => list.reduce((a, b) => a + b));
  close('mean', (list) => list.reduce((a, b) => a + b) / list.length);
});

test.each(['max', 'sum', 'mean'] as const)('padding of NaN changes nothing: %s', (reduce) => {
  const x = normals(1, [3, 3, 2]);
  const padded = x.pad(
    [
      [0, 2],
      [0, 2],
      [0, 0],
    ],
    { value: Number.NaN },
  );
  const pooled = poolByPattern(padded, { order: 2, reduce, mask: [1, 1, 1, 0, 0] });
  expect(difference(pooled, poolByPattern(x, { order: 2, reduce }))).toBeLessThan(1e-14);
});

test('bad calls are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are the point.
  const loose = poolByPattern as any;
  expect(() => loose(matrix, { order: 2, reduce: 'avg' })).toThrow(ArgumentError);
  expect(() => loose(matrix, { orders: 2 })).toThrow(/Did you mean order\?/);
  expect(() => loose(matrix, { order: 3 })).toThrow(LayerShapeError);
  expect(() => loose(matrix)).toThrow(ArgumentError);
});
