import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  arange,
  DTypeError,
  div,
  equal,
  exp,
  explain,
  floorDivide,
  maximum,
  minimum,
  mod,
  mul,
  pow,
  ShapeError,
  sub,
  tensor,
  where,
} from '../index.ts';

describe('promotion', () => {
  const i32 = tensor([1, 2], { dtype: 'i32' });
  const u32 = tensor([1, 2], { dtype: 'u32' });
  const bool = tensor([true, false]);
  const f64 = tensor([1, 2], { dtype: 'f64', device: 'reference' });

  test('two tensors meet at the wider dtype', () => {
    expect(add(i32, u32).dtype).toBe('i32');
    expect(add(i32, tensor([0.5, 1])).dtype).toBe('f32');
    expect(add(bool, 1).toArray()).toEqual([2, 1]);
    expect(add(bool, i32).dtype).toBe('i32');
  });

  test('sums, products and extremes of booleans are logical', () => {
    const [x, y] = [tensor([true, true, false]), tensor([true, false, false])];
    expect(
      [add(x, y), mul(x, y), maximum(x, y), minimum(x, y)].map((z) => [z.dtype, ...(z.toArray() as boolean[])]),
    ).toEqual([
      ['bool', true, true, false],
      ['bool', true, false, false],
      ['bool', true, true, false],
      ['bool', true, false, false],
    ]);
    expect(add(y, true).toArray()).toEqual([true, true, true]);
    expect([x.max().toArray(), x.min().toArray(), x.sum().toArray(), y.max().dtype]).toEqual([true, false, 2, 'bool']);
    expect(() => sub(x, y)).toThrow(DTypeError);
    expect(() => sub(x, y)).toThrow(/sub: expected numbers, got two tensors of bool. Use logicalXor/);
    expect(sub(1, y).toArray()).toEqual([0, 1, 1]);
  });

  test('JavaScript numbers are weak', () => {
    expect(add(i32, 1).dtype).toBe('i32');
    expect(add(i32, 0.5).dtype).toBe('f32');
    expect(add(u32, true).dtype).toBe('u32');
    expect(add(f64, 0.1).dtype).toBe('f64');
    expect(add(f64, 0.1).toArray()).toEqual([1.1, 2.1]);
    expect(add(1, 2).item()).toBe(3);
    expect(where(bool, 1, i32).dtype).toBe('i32');
    expect(where(bool, 0.5, i32).dtype).toBe('f32');
  });

  test('real functions of integers are f32', () => {
    expect(exp(i32).dtype).toBe('f32');
    expect(div(i32, u32).dtype).toBe('f32');
    expect(i32.mean().dtype).toBe('f32');
    expect(i32.sum().dtype).toBe('i32');
    expect(bool.sum().toArray()).toBe(1);
    expect(equal(i32, 1.5).toArray()).toEqual([false, false]);
  });

  test('integer quotients and remainders follow Python', () => {
    const x = tensor([7, -7, 7, -7], { dtype: 'i32' });
    const y = tensor([2, 2, -2, -2], { dtype: 'i32' });
    expect(floorDivide(x, y).toArray()).toEqual([3, -4, -4, 3]);
    expect(mod(x, y).toArray()).toEqual([1, 1, -1, -1]);
    expect(x.fmod(y).toArray()).toEqual([1, -1, 1, -1]);
    expect(mod(tensor([5.5, -5.5]), 2).toArray()).toEqual([1.5, 0.5]);
    expect(pow(tensor([2, 3], { dtype: 'i32' }), 3).toArray()).toEqual([8, 27]);
  });

  test('a scalar constant needs no cast and no broadcast in the program', () => {
    const text = String(explain((x: typeof i32) => x.mul(2).add(1))(tensor([[1, 2]])));
    expect(text).not.toMatch(/broadcastInDim|cast/);
  });
});

describe('broadcasting', () => {
  test('is that of NumPy for random shapes', () => {
    const axis = fc.record({ extent: fc.integer({ min: 1, max: 3 }), left: fc.boolean(), right: fc.boolean() });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 3 }), fc.nat(3), (axes, dropped) => {
        // Each operand has the extent or 1 at each axis; the left one may lack leading axes.
        const left = axes.map(({ extent, left: has }) => (has ? extent : 1)).slice(dropped);
        const right = axes.map(({ extent, right: has }) => (has ? extent : 1));
        const size = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
        const [x, y] = [arange(size(left)).reshape(left), arange(size(right)).reshape(right).mul(100)];
        const shape = right.map((extent, i) => Math.max(extent, left[i - dropped] ?? 1));
        const sum = add(x, y);
        expect(sum.shape).toEqual(shape);
        // Element by element, each operand is read with the index wrapped to its extents.
        const read = (value: typeof x, index: number[]): number => {
          const own = index.slice(index.length - value.ndim);
          return value.at(...own.map((place, i) => Math.min(place, value.shape[i] - 1))).item();
        };
        Array.from(sum.dataSync()).forEach((value, flat) => {
          const index = shape.map((extent, i) => Math.floor(flat / size(shape.slice(i + 1))) % extent);
          expect(value).toBe(read(x, index) + read(y, index));
        });
      }),
      { numRuns: 25 },
    );
  });

  test('shapes that do not fit name the operation and both shapes', () => {
    expect(() => add(tensor([1, 2, 3]), tensor([1, 2]))).toThrow(ShapeError);
    expect(() => add(tensor([1, 2, 3]), tensor([1, 2]))).toThrow(/add: shapes \[3\] and \[2\]/);
  });
});
