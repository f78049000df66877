/** Functions in float64, to judge those in float32 by: JavaScript's where it has them, plain series elsewhere. */

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
/** Below, the series of erf is used; above, the continued fraction of erfc. */
const SERIES_END = 2.5;

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
}

/** erfc x for x from `SERIES_END` up: the continued fraction of Laplace, from its far end. */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let k = 80; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

function erf(x: number): number {
  if (Math.abs(x) < SERIES_END || Number.isNaN(x)) return Object.is(x, -0) || Number.isNaN(x) ? x : erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(Math.abs(x)));
}

function erfc(x: number): number {
  return x < SERIES_END || Number.isNaN(x) ? 1 - erf(x) : erfcFraction(x);
}

/** The inverse of erf, by Newton's method on erf near 0 and on ln erfc in the tail. */
function erfInv(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return a === 1 ? x * Infinity : NaN;
  if (x === 0) return x;
  let y = a < 0.7 ? a / TWO_OVER_SQRT_PI : Math.sqrt(-Math.log(1 - a));
  for (let step = 0; step < 60; step++) {
    const density = TWO_OVER_SQRT_PI * Math.exp(-y * y);
    const next = a < 0.7 ? y - (erf(y) - a) / density : y + ((Math.log(erfc(y)) - Math.log1p(-a)) * erfc(y)) / density;
    if (next === y) break;
    y = next;
  }
  return Math.sign(x) * y;
}

function pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

/** The nearest integer, the even one of two. */
function round(x: number): number {
  const floor = Math.floor(x);
  const half = x - floor === 0.5;
  const nearest = half ? 2 * Math.round(floor / 2 + (floor % 2 === 0 ? 0 : 0.1)) : Math.round(x);
  return nearest === 0 ? (x < 0 || Object.is(x, -0) ? -0 : 0) : nearest;
}

/** What an infinite float32 stands for: the value from which on results overflow is half a step below. */
const OVERFLOW = 2 ** 128;
const isNegative = (x: number) => x < 0 || Object.is(x, -0);

/**
 * |got − exact| in float32 steps at the exact value. NaN must be NaN, zeros and infinities must be themselves, and signs
 * must agree (zeros have one): else ∞.
 */
export function ulpsBetween(got: number, exact: number): number {
  if (Number.isNaN(exact) || Number.isNaN(got)) return Object.is(got, exact) ? 0 : Infinity;
  if (exact === 0 || Math.abs(exact) === Infinity) return Object.is(got, exact) ? 0 : Infinity;
  if (isNegative(got) !== isNegative(exact)) return Infinity;
  const [reached, wanted] = [got, exact].map((x) => Math.min(Math.abs(x), OVERFLOW)) as [number, number];
  const exponent = Math.min(Math.max(Math.floor(Math.log2(wanted)), -126), 127);
  return Math.abs(reached - wanted) / 2 ** (exponent - 23);
}

/** The functions that every device approximates, in float64: accurate far beyond float32. */
export const exactFunctions = {
  sqrt: Math.sqrt,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  expm1: Math.expm1,
  log1p: Math.log1p,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  cbrt: Math.cbrt,
  log: Math.log,
  exp: Math.exp,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  tan: Math.tan,
  rem: (x, y) => x % y,
  round,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf,
  erfc,
  erfInv,
  pow,
} satisfies Readonly<Record<string, (x: number, y: number) => number>>;
