import { isFloat } from '../dtype/dtype.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { binary, unary } from './apply.ts';

/** eˣ. */
export const exp = unary('exp', 'float', lax.exp);

/** 2ˣ. */
export const exp2 = unary('exp2', 'float', (x) => lax.pow(2, x));

/** eˣ - 1, accurate near 0. */
export const expm1 = unary('expm1', 'float', lax.expm1);

/** The natural logarithm; -Infinity at 0 and NaN below. */
export const log = unary('log', 'float', lax.log);

/** log(1 + x), accurate near 0. */
export const log1p = unary('log1p', 'float', lax.log1p);

/** The logarithm to base 2. */
export const log2 = unary('log2', 'float', (x) => lax.mul(lax.log(x), Math.LOG2E));

/** The logarithm to base 10. */
export const log10 = unary('log10', 'float', (x) => lax.mul(lax.log(x), Math.LOG10E));

/** The square root; NaN below 0. */
export const sqrt = unary('sqrt', 'float', lax.sqrt);

/** 1 / sqrt(x). */
export const rsqrt = unary('rsqrt', 'float', lax.rsqrt);

/** The cube root, of either sign. */
export const cbrt = unary('cbrt', 'float', lax.cbrt);

/** log(bˣ + bʸ) to the base b, of which `unit` is the natural logarithm. */
function logOfSum(x: Tensor, y: Tensor, unit: number): Value {
  const first = lax.ge(x, y);
  const larger = lax.select(lax.or(first, lax.isNaN(x)), x, y);
  // One branch of the function holds on each side, so a tie has the derivatives of that branch, which are exact.
  const gap = lax.select(first, lax.sub(y, x), lax.sub(x, y));
  const sameInfinity = lax.and(lax.eq(x, y), lax.not(lax.isFinite(x)));
  return lax.add(larger, lax.div(lax.softplus(lax.mul(lax.select(sameInfinity, 0, gap), unit)), unit));
}

/**
 * log(eˣ + eʸ) without overflow, with exact derivatives of every order. Two minus infinities give minus
 * infinity, with finite derivatives.
 */
export const logaddexp = binary('logaddexp', 'float', (x, y) => logOfSum(x, y, 1));

/** log2(2ˣ + 2ʸ) without overflow, like `logaddexp`. */
export const logaddexp2 = binary('logaddexp2', 'float', (x, y) => logOfSum(x, y, Math.LN2));

/** sqrt(x² + y²) without overflow; its derivative at (0, 0) is 0. */
export const hypot = binary('hypot', 'float', (x, y) => {
  // The result does not depend on the scale, so no derivative flows through it.
  const larger = lax.stopGradient(lax.max(lax.abs(x), lax.abs(y)));
  const usable = lax.and(lax.isFinite(larger), lax.gt(larger, 0));
  const scale = lax.select(usable, larger, 1);
  const a = lax.div(x, scale);
  const b = lax.div(y, scale);
  const squares = lax.add(lax.mul(a, a), lax.mul(b, b));
  const zero = lax.eq(squares, 0);
  const length = lax.select(zero, 0, lax.mul(scale, lax.sqrt(lax.select(zero, 1, squares))));
  // An infinite leg makes the hypotenuse infinite, whatever the other one is (IEEE 754, 9.2.1).
  const infinite = lax.or(lax.eq(lax.abs(x), Number.POSITIVE_INFINITY), lax.eq(lax.abs(y), Number.POSITIVE_INFINITY));
  return lax.select(infinite, Number.POSITIVE_INFINITY, length);
});

/** Whether x is NaN. */
export const isNaN = unary('isNaN', 'number', (x) => (isFloat(x.dtype) ? lax.isNaN(x) : lax.ne(x, x)));

/** Whether x is neither NaN nor infinite. */
export const isFinite = unary('isFinite', 'number', (x) => (isFloat(x.dtype) ? lax.isFinite(x) : lax.eq(x, x)));

/** Whether x is plus or minus infinity. */
export const isInf = unary('isInf', 'number', (x) =>
  isFloat(x.dtype) ? lax.eq(lax.abs(x), Number.POSITIVE_INFINITY) : lax.ne(x, x),
);
