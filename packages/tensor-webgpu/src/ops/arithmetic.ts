import { INTEGER_RANGE, isFloat } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { DTypeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { binary, unary } from './apply.ts';
import { compare, mixesSigns } from './comparison.ts';
import { composite } from './composite.ts';
import { floorDivideMixed, fmodMixed, modMixed } from './mixedDivision.ts';
import { asTensors, broadcastPair, elementwiseOperands, isScalar } from './operands.ts';
import { withSignOf } from './signs.ts';

type OfTwo = (x: Tensor, y: Tensor) => Value;

/** A function of numbers that is the logical function `ofBooleans` on two booleans. */
const alsoLogical = (name: string, ofNumbers: OfTwo, ofBooleans: OfTwo) =>
  binary(name, 'any', (x, y) => (x.dtype === 'bool' ? ofBooleans(x, y) : ofNumbers(x, y)));

/** A function of two numbers that has a form of its own for a signed and an unsigned integer. */
function acrossSigns(name: string, ofMixed: OfTwo, ofNumbers: OfTwo) {
  const alike = binary(name, 'number', ofNumbers);
  return (x: TensorLike, y: TensorLike): Tensor =>
    isScalar(x) || isScalar(y)
      ? alike(x, y)
      : composite(name, () => {
          const values = asTensors([x, y]);
          if (!mixesSigns(values[0].dtype, values[1].dtype)) return alike(values[0], values[1]);
          const [a, b] = broadcastPair(name, values);
          return ofMixed(a, b);
        });
}

/** Signed and unsigned integers are compared as they are, before the chosen one becomes an i32. */
function extreme(name: string, order: 'ge' | 'le', ofNumbers: OfTwo, ofBooleans: OfTwo) {
  const alike = alsoLogical(name, ofNumbers, ofBooleans);
  return (x: TensorLike, y: TensorLike): Tensor => {
    if (isScalar(x) || isScalar(y)) return alike(x, y);
    return composite(name, () => {
      const [a, b] = asTensors([x, y]);
      if (!mixesSigns(a.dtype, b.dtype)) return alike(a, b);
      const chosen = compare(name, order, a, b);
      const [left, right] = elementwiseOperands(name, [a, b]);
      return lax.select(chosen, left, right);
    });
  };
}

/** x + y; of two booleans x or y. */
export const add = alsoLogical('add', lax.add, lax.or);

/** x - y. Throws `DTypeError` for two booleans, as NumPy does. */
export const sub = alsoLogical('sub', lax.sub, () => {
  throw new DTypeError(
    "sub: expected numbers, got two tensors of bool. Use logicalXor for where they differ, or cast with .astype('i32').",
  );
});

/** x * y; of two booleans x and y. */
export const mul = alsoLogical('mul', lax.mul, lax.and);

/** x / y as real numbers: integers become f32 first. `floorDivide` stays in the integers. */
export const div = binary('div', 'float', lax.div);

/**
 * The multiple of y that fits into x, floor(x / y) of the exact quotient: (x - mod(x, y)) / y, so that
 * floorDivide(1, 0.1) is 9 as in NumPy. Integers stay integers, and x / 0 is 0 for them.
 */
export const floorDivide = acrossSigns('floorDivide', floorDivideMixed, (x, y) => {
  if (isFloat(x.dtype)) {
    const left = lax.rem(x, y);
    const below = lax.and(lax.ne(left, 0), lax.ne(lax.lt(left, 0), lax.lt(y, 0)));
    const whole = lax.round(lax.div(lax.sub(x, left), y));
    const exact = lax.select(below, lax.sub(whole, 1), whole);
    const quotient = lax.stopGradient(lax.div(x, y));
    const signed = lax.select(lax.eq(exact, 0), withSignOf(exact, quotient), exact);
    return lax.select(lax.eq(y, 0), quotient, signed);
  }
  const quotient = lax.div(x, y);
  if (x.dtype === 'u32') return quotient;
  // Division of integers cuts towards zero: one less where signs differ and something is left over.
  const opposite = lax.lt(lax.xor(x, y), 0);
  const inexact = lax.ne(lax.rem(x, y), 0);
  return lax.sub(quotient, lax.cast(lax.and(opposite, inexact), x.dtype));
});

/** The remainder x - y * floor(x / y), with the sign of y, also where it is 0 (Python's `%`, `numpy.mod`). */
export const mod = acrossSigns('mod', modMixed, (x, y) => {
  const left = lax.rem(x, y);
  if (x.dtype === 'u32') return left;
  const wrong = lax.and(lax.ne(left, 0), lax.ne(lax.lt(left, 0), lax.lt(y, 0)));
  const shifted = lax.select(wrong, lax.add(left, y), left);
  if (!isFloat(x.dtype)) return shifted;
  // A zero less itself is +0, and times ±1 it has the sign of y; the derivative is that of the remainder.
  const side = lax.sign(y);
  const turned = lax.mul(left, side);
  const zero = lax.mul(lax.sub(turned, lax.stopGradient(turned)), side);
  return lax.select(lax.eq(left, 0), zero, shifted);
});

/** The remainder x - y * trunc(x / y), with the sign of x (C's `fmod`). */
export const fmod = acrossSigns('fmod', fmodMixed, lax.rem);

/** x to the power y. For floats, a negative x with a y that is not an integer gives NaN. */
export const pow = binary('pow', 'number', lax.pow);

/**
 * The larger of x and y, where 0 is larger than -0; NaN if either is NaN. At ties each gets half of the
 * derivative. Of two booleans x or y.
 */
export const maximum = extreme('maximum', 'ge', lax.max, lax.or);

/**
 * The smaller of x and y, where -0 is smaller than 0; NaN if either is NaN. At ties each gets half of the
 * derivative. Of two booleans x and y.
 */
export const minimum = extreme('minimum', 'le', lax.min, lax.and);

/** -x. */
export const neg = unary('neg', 'number', lax.neg);

/** |x|; its derivative at 0 is 0. */
export const abs = unary('abs', 'number', lax.abs);

/** -1, 0 or 1 by the sign of x; zeros keep theirs. */
export const sign = unary('sign', 'number', lax.sign);

/** x². */
export const square = unary('square', 'number', (x) => lax.mul(x, x));

/** 1 / x. */
export const reciprocal = unary('reciprocal', 'float', (x) => lax.div(1, x));

const rounding = (name: string, apply: (x: Tensor) => ReturnType<typeof lax.floor>) =>
  unary(name, 'number', (x) => (isFloat(x.dtype) ? apply(x) : x));

/** The largest integer not above x. */
export const floor = rounding('floor', lax.floor);

/** The smallest integer not below x. */
export const ceil = rounding('ceil', lax.ceil);

/** x without its fraction. */
export const trunc = rounding('trunc', lax.trunc);

/** The nearest integer; halves go to the even one. */
export const round = rounding('round', lax.round);

/** A bound of integers that leaves all of them alone, where it is below or above what the dtype holds, is none. */
function boundOf(x: TensorLike, bound: TensorLike | null, side: 'low' | 'high'): TensorLike | null {
  if (typeof bound !== 'number' || isScalar(x)) return bound;
  const [{ dtype }] = asTensors([x]);
  if (dtype !== 'i32' && dtype !== 'u32') return bound;
  const [least, largest] = INTEGER_RANGE[dtype];
  return (side === 'low' ? bound <= least : bound >= largest) ? null : bound;
}

/**
 * x held between `low` and `high` (either may be `null` for no bound): min(max(x, low), high). Integers stay integers
 * beside bounds that are integers, of any size, or infinite.
 * @throws DTypeError for a bound that would have to be the result and does not fit the dtype.
 */
export function clip(x: TensorLike, from: TensorLike | null, to: TensorLike | null): Tensor {
  return composite('clip', () => {
    const [low, high] = [boundOf(x, from, 'low'), boundOf(x, to, 'high')];
    const bounds = [low, high].filter((bound) => bound !== null);
    const [value, ...limits] = elementwiseOperands('clip', [x, ...bounds], 'number');
    let result: Tensor = value;
    if (low !== null) result = lax.max(result, limits[0]) as Tensor;
    if (high !== null) result = lax.min(result, limits[limits.length - 1]) as Tensor;
    return result;
  });
}

/** x with NaN replaced by `nan`, and the infinities by `posInf` and `negInf` (the largest numbers of the dtype by default). */
export function nanToNum(
  x: TensorLike,
  options: { readonly nan?: number; readonly posInf?: number; readonly negInf?: number } = {},
): Tensor {
  const { nan = 0, posInf, negInf } = checkedOptions('nanToNum', options, ['nan', 'posInf', 'negInf']);
  return composite('nanToNum', () => {
    const [value] = elementwiseOperands('nanToNum', [x], 'number');
    if (!isFloat(value.dtype)) return value;
    const largest = value.dtype === 'f32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
    const highless = lax.select(lax.eq(value, Number.POSITIVE_INFINITY), posInf ?? largest, value);
    const finite = lax.select(lax.eq(value, Number.NEGATIVE_INFINITY), negInf ?? -largest, highless);
    return lax.select(lax.isNaN(value), nan, finite);
  });
}
