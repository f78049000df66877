import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  arange,
  DeviceError,
  eye,
  full,
  grad,
  jit,
  linspace,
  onesLike,
  ShapeError,
  tensor,
  vmap,
  zeros,
  zerosLike,
} from '../index.ts';

describe('tensor', () => {
  test('takes its dtype from the data', () => {
    expect(tensor(2).dtype).toBe('f32');
    expect(tensor([[true]]).dtype).toBe('bool');
    expect(tensor([true, 2]).dtype).toBe('f32');
    expect(tensor(new Float64Array(2)).dtype).toBe('f64');
    expect(tensor(new Int32Array(2)).dtype).toBe('i32');
    expect(tensor(new Uint32Array(2)).dtype).toBe('u32');
    expect(tensor(new Uint8Array([255])).toArray()).toEqual([255]);
    expect(tensor([1.7, -1.7], { dtype: 'i32' }).toArray()).toEqual([1, -1]);
  });

  test('copies: later changes of the data do not show', () => {
    const data = new Float32Array([1, 2]);
    const x = tensor(data);
    data[0] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  test('shapes: scalars, empty axes, flat data with a shape', () => {
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor(new Float32Array(6), { shape: [2, 3] }).shape).toEqual([2, 3]);
    expect(() => tensor(new Float32Array(6), { shape: [4] })).toThrow(ShapeError);
  });

  test.each([
    ['rows of unequal length', [[1, 2], [3]], /expected 2 entries at data\[1\], got 1/],
    ['unequal depth', [[1], 2], /expected 1 entries at data\[1\], got 2/],
    ['too deep', [1, [2]], /expected a number or boolean at data\[1\]/],
    ['text', ['a'], /expected a number or boolean at data\[0\], got 'a'/],
  ])('%s is a named error', (_what, data, message) => {
    expect(() => tensor(data as number[])).toThrow(ShapeError);
    expect(() => tensor(data as number[])).toThrow(message);
  });

  test('half precision arrays become f32', (context) => {
    const { Float16Array } = globalThis as unknown as { Float16Array?: new (numbers: number[]) => Float32Array };
    if (!Float16Array) return context.skip('this engine has no Float16Array');
    const x = tensor(new Float16Array([1, 0.333]));
    expect([x.dtype, ...x.dataSync()]).toEqual(['f32', 1, 0.3330078125]);
  });

  test('an unknown device is refused with the names there are', () => {
    expect(() => tensor([1], { device: 'abacus' })).toThrow(DeviceError);
    expect(() => tensor([1], { device: 'abacus' })).toThrow(/reference/);
  });
});

test('constants made in a traced function live where its arguments do', () => {
  const x = tensor([1, 2], { device: 'reference' });
  const f = (y: typeof x) =>
    y
      .add([10, 20])
      .mul(tensor([1, 2]))
      .sum();
  for (const result of [jit(f)(x), grad(f)(x), vmap(jit(f))(x.expandDims(0))])
    expect(result.device?.name).toBe('reference');
});

test('what is no number is told from rows of another depth', () => {
  expect(() => tensor([[1], [[2]]] as never)).toThrow(
    /at data\[1\]\[0\], got an array of 1. Make all rows equally deep/,
  );
  expect(() => tensor(['a'] as never)).toThrow(/got 'a'. Give plain numbers/);
  expect(() => tensor([zeros([2]), zeros([2])] as never)).toThrow(/got a tensor of f32\[2\]. Join tensors with stack/);
});

describe('filled and counted tensors', () => {
  test('hold what they say', () => {
    expect(zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(full([2], true).toArray()).toEqual([true, true]);
    expect(full([2], 2.5, { dtype: 'f64' }).dtype).toBe('f64');
    expect(onesLike(tensor([[1, 2]], { dtype: 'i32' })).toArray()).toEqual([[1, 1]]);
    expect(zerosLike([1, 2]).shape).toEqual([2]);
    expect(eye(2, 3, { offset: 1 }).toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(arange(4).toArray()).toEqual([0, 1, 2, 3]);
    expect(arange(1, 0, -0.25).toArray()).toEqual([1, 0.75, 0.5, 0.25]);
    expect(arange(3, 1).shape).toEqual([0]);
    expect(linspace(-1, 1, 5).toArray()).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(linspace(0, 1, 4, { endpoint: false }).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(linspace(3, 9, 1).toArray()).toEqual([3]);
    expect(linspace(0.1, 0.7, 7, { dtype: 'f64' }).at(-1).item()).toBe(0.7);
  });

  test('are the same inside a trace', () => {
    const made = jit(() => [
      zeros([2]),
      full([2], 3, { dtype: 'i32' }),
      eye(3, 2, { offset: -1 }),
      arange(3),
      linspace(0, 1, 3),
    ])();
    const outside = [
      zeros([2]),
      full([2], 3, { dtype: 'i32' }),
      eye(3, 2, { offset: -1 }),
      arange(3),
      linspace(0, 1, 3),
    ];
    expect(made.map((x) => [x.dtype, x.toArray()])).toEqual(outside.map((x) => [x.dtype, x.toArray()]));
  });

  test('refuse what cannot be', () => {
    expect(() => zeros([-1])).toThrow(ShapeError);
    expect(() => zeros([1.5])).toThrow(ShapeError);
    expect(() => arange(0, 1, 0)).toThrow(ArgumentError);
    expect(() => linspace(0, 1, -1)).toThrow(ArgumentError);
  });
});
