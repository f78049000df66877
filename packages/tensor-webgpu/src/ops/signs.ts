import { isFloat } from '../dtype/dtype.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { binary, unary } from './apply.ts';

/** Whether x is negative; -0 is, and NaN is not. */
function isNegative(x: Value): Value {
  if (!isFloat(x.dtype)) return lax.lt(x, 0);
  // Only its reciprocal tells the sign of a zero.
  return lax.lt(lax.select(lax.eq(x, 0), lax.div(1, x), x), 0);
}

/** x with the sign of y, which gets no derivative. */
export const withSignOf = (x: Value, y: Value): Value =>
  lax.select(lax.xor(isNegative(lax.stopGradient(x)), isNegative(lax.stopGradient(y))), lax.neg(x), x);

/** Whether x has a minus sign, as -0 has; a NaN counts as positive. */
export const signbit = unary('signbit', 'number', isNegative);

/** |x| with the sign of y, that of a zero too. NaN counts as positive. No derivative goes to y. */
export const copysign = binary('copysign', 'float', withSignOf);

/** 0 where x is negative, `atZero` where it is 0 and 1 where it is positive; NaN stays. Flat in x. */
export const heaviside = binary('heaviside', 'float', (x, atZero) => {
  const side = lax.stopGradient(x);
  const one = lax.full([], 1, x.dtype);
  const step = lax.select(lax.lt(side, 0), 0, lax.select(lax.isNaN(side), side, one));
  return lax.select(lax.eq(side, 0), atZero, step);
});

/** The larger of x and y, or the one that is a number where the other is NaN. */
export const fmax = binary('fmax', 'number', (x, y) => beside(x, y, lax.max(x, y)));

/** The smaller of x and y, or the one that is a number where the other is NaN. */
export const fmin = binary('fmin', 'number', (x, y) => beside(x, y, lax.min(x, y)));

/** `chosen` where x and y are numbers, else the one that is. */
const beside = (x: Value, y: Value, chosen: Value): Value =>
  isFloat(x.dtype) ? lax.select(lax.isNaN(x), y, lax.select(lax.isNaN(y), x, chosen)) : chosen;
