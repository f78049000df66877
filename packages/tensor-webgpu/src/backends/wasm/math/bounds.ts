import type { DoubleName } from './double/functions.ts';
import type { MathName } from './functions.ts';

/**
 * Largest error of each function of floats in units in the last place of the exact result (denormal results count in
 * steps of 2⁻¹⁴⁹), over all floats and with fused or separate multiply-add. NaN, infinities, signed zeros, overflow and
 * underflow are those of C's functions; nothing is flushed to zero. Each result of a pair has the bound of its function.
 */
export const ulpBounds = {
  sqrt: 0.5,
  sign: 0,
  round: 0,
  floor: 0,
  ceil: 0,
  trunc: 0,
  rem: 0,
  // Computed in doubles and rounded once.
  expm1: 0.51,
  log1p: 0.51,
  asin: 0.51,
  acos: 0.51,
  atan: 0.51,
  atan2: 0.51,
  sinh: 0.51,
  cosh: 0.51,
  asinh: 0.51,
  acosh: 0.51,
  atanh: 0.51,
  erfc: 0.51,
  erfInv: 0.51,
  cbrt: 0.51,
  pow: 0.51,
  // The same, but near their zeros below 0: there of 1.
  lgamma: 0.51,
  digamma: 0.51,
  polygamma: 0.51,
  // Computed in floats.
  log: 1,
  exp: 1.1,
  erf: 1.25,
  rsqrt: 1.5,
  sin: 1.5,
  cos: 1.5,
  sigmoid: 2.5,
  tanh: 2.6,
  softplus: 3.25,
  tan: 3.5,
} as const satisfies Partial<Record<MathName, number>>;

/** Functions of floats with a stated bound. */
export type BoundedName = keyof typeof ulpBounds;

/**
 * The same for functions of doubles (denormal results count in steps of 2⁻¹⁰⁷⁴). Of the functions in `ofOne` it is the error
 * in units of the last place of 1 where the result is smaller, as they have zeros that cancellation leads to.
 */
export const doubleUlpBounds = {
  rem: 0,
  sign: 0,
  cbrt: 0.6,
  log: 1,
  log1p: 1,
  exp: 1.1,
  sin: 1,
  cos: 1,
  pow: 1.5,
  rsqrt: 1.5,
  atan2: 2,
  atan: 2,
  expm1: 2,
  cosh: 2,
  asinh: 2,
  acosh: 2,
  atanh: 2,
  softplus: 2,
  tan: 2.5,
  sigmoid: 2.5,
  sinh: 2.5,
  asin: 2.5,
  acos: 2.5,
  tanh: 3,
  erf: 4,
  erfInv: 5,
  lgamma: 6,
  digamma: 6,
  erfc: 8,
  polygamma: 12,
} as const satisfies Partial<Record<DoubleName, number>>;

export const ofOne: ReadonlySet<keyof typeof doubleUlpBounds> = new Set(['lgamma', 'digamma']);
