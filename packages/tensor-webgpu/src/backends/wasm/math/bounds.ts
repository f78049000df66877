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
