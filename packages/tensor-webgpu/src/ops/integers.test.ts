import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { tensor, jit } = ff;
type Integer = 'i32' | 'u32';
const LIMITS: Readonly<Record<Integer, readonly number[]>> = {
  i32: [-(2 ** 31), -1, 0, 1, 2 ** 24 + 1, 2 ** 31 - 1],
  u32: [0, 1, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
};
const NUMBERS = [
  -Infinity,
  -3e9,
  -(2 ** 31) - 0.5,
  -1,
  -0.5,
  -0,
  0.5,
  1,
  2 ** 24 + 0.5,
  2 ** 31,
  3e9,
  2 ** 32,
  1e300,
  Infinity,
  NaN,
];
const orders = [
  [ff.equal, (x: number, y: number) => x === y],
  [ff.notEqual, (x: number, y: number) => x !== y],
  [ff.less, (x: number, y: number) => x < y],
  [ff.lessEqual, (x: number, y: number) => x <= y],
  [ff.greater, (x: number, y: number) => x > y],
  [ff.greaterEqual, (x: number, y: number) => x >= y],
] as const;

describe.each(['cpu', 'reference'])('integers on %s', (device) => {
  describe.each(orders)('comparison %#', (compare, holds) => {
    it.each(['i32', 'u32'] as const)('of %s with any number is that of the real numbers', (dtype) => {
      const x = tensor([...LIMITS[dtype]], { dtype, device });
      for (const y of NUMBERS) {
        const expected = LIMITS[dtype].map((value) => holds(value, y));
        expect(compare(x, y).toArray()).toEqual(expected);
        expect(jit((a: ff.Tensor) => compare(a, y))(x).toArray()).toEqual(expected);
        expect(compare(y, x).toArray()).toEqual(LIMITS[dtype].map((value) => holds(y, value)));
      }
    });

    it('of signed with unsigned ones is too', () => {
      const [a, b] = [
        tensor([...LIMITS.u32], { dtype: 'u32', device }),
        tensor([...LIMITS.i32], { dtype: 'i32', device }),
      ];
      const table = LIMITS.u32.map((x) => LIMITS.i32.map((y) => holds(x, y)));
      const f = (x: ff.Tensor, y: ff.Tensor) => compare(x.expandDims(1), y);
      expect(f(a, b).toArray()).toEqual(table);
      expect(jit(f)(a, b).toArray()).toEqual(table);
      expect(f(b, a).toArray()).toEqual(LIMITS.i32.map((x) => LIMITS.u32.map((y) => holds(x, y))));
    });
  });

  it('clip takes bounds beyond the dtype as none, and refuses those that would be results', () => {
    const u = tensor([0, 5], { dtype: 'u32', device });
    const i = tensor([-7, 2 ** 31 - 1], { dtype: 'i32', device });
    expect(
      [u.clip(-1, 3), u.clip(1, 1e12), i.clip(-1e10, Infinity), i.clip(-Infinity, 4)].map((x) => [
        x.dtype,
        x.toArray(),
      ]),
    ).toEqual([
      ['u32', [0, 3]],
      ['u32', [1, 5]],
      ['i32', [-7, 2 ** 31 - 1]],
      ['i32', [-7, 4]],
    ]);
    expect(() => u.clip(null, -1)).toThrow(ff.DTypeError);
    expect(() => i.clip(3e9, null)).toThrow(ff.DTypeError);
  });

  it('extremes of signed and unsigned ones choose by value', () => {
    const [u, i] = [tensor([2 ** 32 - 1, 3], { dtype: 'u32', device }), tensor([-1, 5], { dtype: 'i32', device })];
    expect(ff.minimum(u, i).toArray()).toEqual([-1, 3]);
    expect(ff.maximum(tensor([2, 3], { dtype: 'u32', device }), i).toArray()).toEqual([2, 5]);
  });

  it('quotients and remainders of signed with unsigned ones are those of the integers', () => {
    const a = [0, 1, 7, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
    const b = [-(2 ** 31), -7, -1, 1, 2, 7, 2 ** 31 - 1];
    const [u, i] = [tensor(a, { dtype: 'u32', device }), tensor(b, { dtype: 'i32', device })];
    const cut = (x: number): number => Number(BigInt.asIntN(32, BigInt(x)));
    const rest = (x: number, y: number): number => x - y * Math.floor(x / y);
    const functions = [
      [ff.floorDivide, (x: number, y: number) => Math.floor(x / y)],
      [ff.mod, rest],
      [ff.fmod, (x: number, y: number) => x % y],
    ] as const;
    for (const [f, exact] of functions) {
      expect(f(u.expandDims(1), i).toArray()).toEqual(a.map((x) => b.map((y) => cut(exact(x, y)))));
      expect(jit(f)(i.expandDims(1), u.slice([1])).toArray()).toEqual(
        b.map((x) => a.slice(1).map((y) => cut(exact(x, y)))),
      );
    }
    expect(
      ff.rightShift(tensor([2 ** 31], { dtype: 'u32', device }), tensor([1], { dtype: 'i32', device })).item(),
    ).toBe(2 ** 30);
  });

  it('shifts by more than the bits there are leave none', () => {
    const [u, i] = [tensor([2 ** 32 - 1], { dtype: 'u32', device }), tensor([-8], { dtype: 'i32', device })];
    expect([31, 32, 33].map((n) => ff.leftShift(u, n).item())).toEqual([2 ** 31, 0, 0]);
    expect([31, 32, 40].map((n) => ff.rightShift(u, n).item())).toEqual([1, 0, 0]);
    expect([1, 32, 40].map((n) => ff.rightShift(i, n).item())).toEqual([-4, -1, -1]);
    expect(ff.leftShift(i, tensor([-1], { dtype: 'i32', device })).item()).toBe(0);
  });
});

describe('a number that an integer dtype has no room for', () => {
  it('is a named error beside a tensor of it', () => {
    const [i, u] = [tensor([1], { dtype: 'i32' }), tensor([1], { dtype: 'u32' })];
    for (const f of [ff.add, ff.sub, ff.mul, ff.maximum, ff.floorDivide, ff.bitwiseAnd]) {
      expect(() => f(i, 3e9)).toThrow(ff.DTypeError);
      expect(() => f(u, -1)).toThrow('expected a number that u32 holds, from 0 to 4294967295, got -1');
    }
    expect(() => ff.where([true], i, -3e9)).toThrow(ff.DTypeError);
    expect(() => ff.scatterAdd(i, [0], 3e9)).toThrow(ff.DTypeError);
    expect(() => ff.pad(i, 1, { value: 3e9 })).toThrow(ff.DTypeError);
  });

  it('is a named error as data', () => {
    for (const bad of [3e9, -3e9, NaN, Infinity]) {
      expect(() => tensor([bad], { dtype: 'i32' })).toThrow(ff.DTypeError);
      expect(() => tensor(new Float64Array([bad]), { dtype: 'i32' })).toThrow(ff.DTypeError);
      expect(() => ff.full([2], bad, { dtype: 'i32' })).toThrow(ff.DTypeError);
    }
    expect(() => tensor([-1], { dtype: 'u32' })).toThrow(ff.DTypeError);
    expect(() => ff.arange(-2, 2, 1, { dtype: 'u32' })).toThrow(ff.DTypeError);
    // Integers that are there already keep their bits, as in astype.
    expect(tensor(new Int32Array([-1]), { dtype: 'u32' }).toArray()).toEqual([2 ** 32 - 1]);
  });
});
