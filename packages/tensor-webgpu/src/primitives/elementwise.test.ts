import { describe, expect, test } from 'vitest';
import type { DType } from '../dtype/dtype.ts';
import { DTypeError, ShapeError } from '../errors/errors.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Lax } from '../program/lax.ts';
import type { Value } from '../program/value.ts';
import { traceProgram } from '../trace/builder.ts';
import { lax } from './lax.ts';
import { array, evaluate, forwardProgram } from './testing/checkRules.ts';

const list = (values: readonly number[], dtype: DType = 'f64') => array([values.length], (i) => values[i], dtype);
const apply = (build: (...values: Value[]) => Value, ...inputs: ReturnType<typeof list>[]): number[] =>
  Array.from(evaluate((...values) => [build(...values)], inputs)[0].data);

/** The derivative of a function of one vector along all ones. */
function slope(build: (x: Value) => Value, values: readonly number[]): number[] {
  const x = list(values);
  const forward = forwardProgram(traceProgram([x], (value) => [build(value)]).program);
  return Array.from(evaluateProgram(forward, [x, array(x.shape, () => 1)])[0].data);
}

describe('values', () => {
  test('rounding goes to even, remainders have the sign of the dividend', () => {
    expect(apply(lax.round, list([0.5, 1.5, 2.5, -0.5, -1.5, 2.4]))).toEqual([0, 2, 2, -0, -2, 2]);
    expect(apply(lax.rem, list([5, -5, 5.5, -5.5]), list([3, 3, -2, -2]))).toEqual([2, -2, 1.5, -1.5]);
  });

  test('integers divide towards zero, by zero give 0, and wrap to 32 bits', () => {
    expect(apply(lax.div, list([7, -7, 5], 'i32'), list([2, 2, 0], 'i32'))).toEqual([3, -3, 0]);
    expect(apply(lax.rem, list([7, -7, 5], 'i32'), list([2, 2, 0], 'i32'))).toEqual([1, -1, 0]);
    expect(apply(lax.mul, list([0x12345678, 3], 'i32'), list([0x12345678, 5], 'i32'))).toEqual([0x1df4d840, 15]);
    expect(apply(lax.mul, list([0xffffffff], 'u32'), list([0xffffffff], 'u32'))).toEqual([1]);
    expect(apply(lax.add, list([0xffffffff], 'u32'), list([2], 'u32'))).toEqual([1]);
    expect(apply(lax.pow, list([3, -2, 7, 2], 'i32'), list([4, 3, 12, -1], 'i32'))).toEqual([
      81,
      -8,
      13841287201 | 0,
      0,
    ]);
    expect(
      apply((x) => lax.mul(x, lax.mul(lax.cast(lax.full([], 65537, 'i32'), 'i32'), 65539)), list([1], 'i32')),
    ).toEqual([Math.imul(65537, 65539)]);
  });

  test('floats are multiplied as floats whatever their size', () => {
    expect(apply((x) => lax.mul(x, 1e10), list([1e10]))).toEqual([1e20]);
  });

  test('pow follows C where the base is 1 or the exponent 0', () => {
    expect(
      apply(lax.pow, list([1, 1, -1, NaN, 0, 0, -8, 2]), list([NaN, Infinity, Infinity, 0, 0, -1, 3, 0.5])),
    ).toEqual([1, 1, 1, 1, 1, Infinity, -512, Math.SQRT2]);
  });

  test('max and min give NaN if one operand is NaN', () => {
    expect(apply(lax.max, list([1, NaN, 3]), list([2, 1, NaN]))).toEqual([2, NaN, NaN]);
    expect(apply(lax.min, list([1, NaN, 3]), list([2, 1, NaN]))).toEqual([1, NaN, NaN]);
  });

  test('comparisons with NaN are false, but for ne', () => {
    const compared = (['eq', 'lt', 'le', 'gt', 'ge', 'ne'] as const).map(
      (name) => apply(lax[name], list([NaN]), list([NaN]))[0],
    );
    expect(compared).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('bits: logical on bool, bitwise on integers, shifts by dtype', () => {
    expect(apply(lax.not, list([1, 0], 'bool'))).toEqual([0, 1]);
    expect(apply(lax.not, list([0, -1], 'i32'))).toEqual([-1, 0]);
    expect(apply(lax.xor, list([0xf0f0f0f0], 'u32'), list([0xffffffff], 'u32'))).toEqual([0x0f0f0f0f]);
    expect(apply(lax.shiftRight, list([0x80000000], 'u32'), list([4], 'u32'))).toEqual([0x08000000]);
    expect(apply(lax.shiftRight, list([-16], 'i32'), list([2], 'i32'))).toEqual([-4]);
    expect(apply(lax.shiftLeft, list([1], 'u32'), list([31], 'u32'))).toEqual([0x80000000]);
  });

  test('casts saturate, NaN goes to 0, integers keep their bits', () => {
    const to = (dtype: DType) => (x: Value) => lax.cast(x, dtype);
    expect(apply(to('i32'), list([1.9, -1.9, 1e12, -1e12, NaN, Infinity]))).toEqual([
      1,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      0,
      2 ** 31 - 1,
    ]);
    expect(apply(to('u32'), list([-5, 5e9]))).toEqual([0, 2 ** 32 - 1]);
    expect(apply(to('u32'), list([-1], 'i32'))).toEqual([2 ** 32 - 1]);
    expect(apply(to('bool'), list([0, -0, 0.1, NaN]))).toEqual([0, 0, 1, 1]);
    expect(apply(to('f64'), list([1, 0], 'bool'))).toEqual([1, 0]);
    expect(apply((x) => lax.add(x, lax.cast(lax.full([], 1e12, 'f64'), 'i32')), list([0], 'i32'))).toEqual([
      2 ** 31 - 1,
    ]);
  });

  test('bitcast reads the bits of a float', () => {
    expect(apply((x) => lax.bitcast(x, 'u32'), list([1, -2], 'f32'))).toEqual([0x3f800000, 0xc0000000]);
    expect(apply((x) => lax.bitcast(x, 'f32'), list([0x40490fdb], 'u32'))).toEqual([Math.fround(Math.PI)]);
  });

  test('threefry2x32 gives the known answers of Random123', () => {
    const words = (...counters: number[]): number[] =>
      evaluate(
        (k0, k1, c0, c1) => lax.threefry2x32(k0, k1, c0, c1),
        counters.map((word) => list([word], 'u32')),
      ).map((out) => out.data[0]);
    expect(words(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
    expect(words(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(words(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  test('softplus and sigmoid neither overflow nor lose small values', () => {
    expect(apply(lax.softplus, list([-1000, -40, 40, 1000]))).toEqual([0, Math.exp(-40), 40, 1000]);
    expect(apply(lax.sigmoid, list([-1000, 1000, -40]))).toEqual([0, 1, Math.exp(-40)]);
  });
});

describe('derivatives at special points', () => {
  test('ties of max and min give half to each; abs and sign are flat at 0', () => {
    expect(slope((x) => lax.max(x, 0), [-1, 0, 1])).toEqual([0, 0.5, 1]);
    expect(slope((x) => lax.min(x, 0), [-1, 0, 1])).toEqual([1, 0.5, 0]);
    expect(slope((x) => lax.max(x, x), [2])).toEqual([1]);
    expect(slope(lax.abs, [-2, 0, 2])).toEqual([-1, 0, 1]);
  });

  test('powers at 0', () => {
    const zero = (lax: Lax, x: Value): Value => lax.mul(x, 0);
    expect(slope((x) => lax.pow(x, 0), [0, 2])).toEqual([0, 0]);
    expect(slope((x) => lax.pow(x, 1), [0])).toEqual([1]);
    expect(slope((x) => lax.pow(x, 2), [0])).toEqual([0]);
    // With an exponent that is data.
    expect(slope((x) => lax.pow(x, lax.stopGradient(zero(lax, x))), [0, 2])).toEqual([0, 0]);
    expect(slope((y) => lax.pow(lax.stopGradient(zero(lax, y)), y), [2])).toEqual([0]);
  });

  test('roots at 0 rise without bound', () => {
    expect(slope(lax.sqrt, [0])).toEqual([Infinity]);
    expect(slope(lax.cbrt, [0])).toEqual([Infinity]);
  });

  test('saturated functions are flat, not NaN', () => {
    expect(slope(lax.tanh, [-1000, 1000])).toEqual([0, 0]);
    expect(slope(lax.sigmoid, [-1000, 1000])).toEqual([0, 0]);
    expect(slope(lax.softplus, [-1000, 1000])).toEqual([0, 1]);
    expect(slope((x) => lax.select(lax.gt(x, 0), lax.mul(x, 2), 0), [-1, 1])).toEqual([0, 2]);
  });

  test('an equation that no moving input reaches has no tangent', () => {
    const x = list([1, 2]);
    const { program } = traceProgram([x], (value) => [lax.mul(lax.exp(lax.stopGradient(value)), value)]);
    const forward = forwardProgram(program);
    expect(forward.eqns.map((eqn) => eqn.primitive.name)).toEqual(['stopGradient', 'exp', 'mul', 'mul']);
  });
});

describe('rules stay lean', () => {
  test.each([
    ['tanh', lax.tanh, ['tanh', 'mul', 'sub', 'mul']],
    ['sigmoid', lax.sigmoid, ['sigmoid', 'sub', 'mul', 'mul']],
    ['softplus', lax.softplus, ['softplus', 'sigmoid', 'mul']],
    ['exp', lax.exp, ['exp', 'mul']],
    ['neg', lax.neg, ['neg', 'neg']],
    ['square', (x: Value) => lax.pow(x, 2), ['pow', 'mul', 'mul']],
  ] as const)('%s', (_name, build, expected) => {
    const forward = forwardProgram(traceProgram([list([1, 2])], (x) => [build(x)]).program);
    expect(forward.eqns.map((eqn) => eqn.primitive.name)).toEqual(expected);
  });
});

describe('errors', () => {
  test('operands of different shapes or dtypes are refused by name', () => {
    const on =
      (build: (...values: Value[]) => Value, ...inputs: ReturnType<typeof list>[]) =>
      () =>
        apply(build, ...inputs);
    expect(on(lax.add, list([1, 2]), list([1, 2, 3]))).toThrow(ShapeError);
    expect(on(lax.add, list([1, 2]), list([1, 2, 3]))).toThrow(/add: operands of shapes \[2\], \[3\]/);
    expect(on(lax.add, list([1], 'i32'), list([1]))).toThrow(DTypeError);
    expect(on(lax.exp, list([1], 'i32'))).toThrow(/exp: dtype i32/);
    expect(on((c, a) => lax.select(c, a, a), list([1]), list([1]))).toThrow(/condition has dtype f64/);
    expect(on((x) => lax.bitcast(x, 'u32'), list([1]))).toThrow(DTypeError);
    expect(on((x) => lax.polygamma(0, x), list([1]))).toThrow(/order 0/);
  });
});
