/**
 * Largest error of each function of floats in units in the last place of the exact result, where division and square roots
 * are rounded correctly. WGSL lets a device divide to 2.5 units, take roots to about 3, and flush denormal numbers to zero:
 * the bounds grow accordingly there. NaN, infinities, signed zeros, overflow and underflow are those of C's functions.
 */
export const ulpBounds = {
  sqrt: 0.5,
  sign: 0,
  round: 0,
  floor: 0,
  ceil: 0,
  trunc: 0,
  rem: 0,
  exp: 1.2,
  expm1: 2,
  log: 1.1,
  log1p: 2,
  sigmoid: 2.5,
  softplus: 3.25,
  tanh: 2.75,
  sin: 2.75,
  cos: 2.75,
  tan: 5,
  asin: 2.5,
  acos: 2,
  atan: 2.75,
  atan2: 3,
  sinh: 3,
  cosh: 3,
  asinh: 4,
  acosh: 4,
  atanh: 4,
  erf: 1.5,
  erfc: 6,
  erfInv: 5,
  cbrt: 1.5,
  rsqrt: 2,
  pow: 3,
} as const;

/** Functions of floats with a stated bound. */
export type BoundedName = keyof typeof ulpBounds;
