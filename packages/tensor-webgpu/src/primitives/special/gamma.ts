import { BERNOULLI, hurwitzZeta } from './zeta.ts';

const EULER_GAMMA = 0.5772156649015329;
const HALF_LOG_TWO_PI = 0.9189385332046728;
/** From here on Stirling's series is exact to double precision with eight terms. */
const STIRLING_FROM = 9;

/** `sin(pi x)`, exactly 0 at integers. */
function sinPi(x: number): number {
  const reduced = x - 2 * Math.round(x / 2);
  return Math.abs(reduced) <= 0.5 ? Math.sin(Math.PI * reduced) : Math.sin(Math.PI * (Math.sign(reduced) - reduced));
}

/** `(zeta(k) - 1) / k` for k = 2, 3, …: the Taylor coefficients of log Gamma at 2, but for their signs. */
const TAYLOR_AT_TWO: readonly number[] = Array.from({ length: 30 }, (_, i) => hurwitzZeta(i + 2, 2) / (i + 2));

/** `log Gamma(2 + z)` for |z| <= 1/2, with its zero at z = 0 kept as a factor. */
function logGammaNearTwo(z: number): number {
  let sum = 0;
  for (let i = TAYLOR_AT_TWO.length - 1; i >= 0; i--) sum = TAYLOR_AT_TWO[i] * (i % 2 === 0 ? 1 : -1) + sum * z;
  return z * (1 - EULER_GAMMA + z * sum);
}

function logGammaPositive(x: number): number {
  if (x >= STIRLING_FROM) {
    const inverse = 1 / x;
    let series = 0;
    for (let k = 7; k >= 0; k--) series = BERNOULLI[k] / ((2 * k + 1) * (2 * k + 2)) + series * inverse * inverse;
    return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + series * inverse;
  }
  if (x < 0.5) return logGammaNearTwo(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1);
  let product = 1;
  let rest = x;
  while (rest > 2.5) {
    rest -= 1;
    product *= rest;
  }
  return Math.log(product) + logGammaNearTwo(rest - 2);
}

/**
 * `log |Gamma(x)|`. Taylor series at 2, recurrence and Stirling's series; below 0 by reflection (Abramowitz
 * and Stegun 6.1.17, 6.1.33, 6.1.40). Infinite at 0, -1, -2, …. Relative error about 1e-15, absolute near the
 * zeros below 0.
 */
export function logGamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Infinity;
  if (x > 0) return logGammaPositive(x);
  if (Number.isInteger(x)) return Infinity;
  return Math.log(Math.PI / Math.abs(sinPi(x))) - logGammaPositive(1 - x);
}

/** The positive zero of the digamma function, in two parts. */
const DIGAMMA_ZERO = 1.4616321449683622;
const DIGAMMA_ZERO_REST = 9.549995429965697e-17;
const NEAR_ZERO = 0.25;
/** Taylor coefficients at the zero: `(-1)^(n+1) zeta(n + 1, zero)`. */
const DIGAMMA_AT_ZERO: readonly number[] = Array.from(
  { length: 24 },
  (_, i) => (i % 2 === 0 ? 1 : -1) * hurwitzZeta(i + 2, DIGAMMA_ZERO),
);

/**
 * The logarithmic derivative of Gamma (Abramowitz and Stegun 6.3.5, 6.3.7, 6.3.18). NaN at -1, -2, …, where it
 * jumps from Infinity to -Infinity; at 0 the side is told by the sign: -Infinity at 0 and Infinity at -0.
 */
export function digamma(x: number): number {
  if (x === Infinity) return Infinity;
  if (x === 0) return -1 / x;
  if (!(x > 0)) return Number.isInteger(x) || !Number.isFinite(x) ? Number.NaN : digamma(1 - x) - Math.PI / tanPi(x);
  if (Math.abs(x - DIGAMMA_ZERO) < NEAR_ZERO) {
    const z = x - DIGAMMA_ZERO - DIGAMMA_ZERO_REST;
    return z * DIGAMMA_AT_ZERO.reduceRight((sum, coefficient) => sum * z + coefficient, 0);
  }
  let shift = 0;
  let rest = x;
  for (; rest < 10; rest++) shift += 1 / rest;
  const inverse = 1 / (rest * rest);
  let series = 0;
  for (let k = 7; k >= 0; k--) series = (series + BERNOULLI[k] / (2 * k + 2)) * inverse;
  return Math.log(rest) - 0.5 / rest - series - shift;
}

const tanPi = (x: number): number => sinPi(x) / sinPi(x + 0.5);

/**
 * The `order`-th derivative of the digamma function, order >= 1: `(-1)^(m+1) m! zeta(m + 1, x)`; below 0 by
 * the reflection formula (Abramowitz and Stegun 6.4.7, 6.4.10). Infinite at 0, -1, -2, … .
 */
export function polygamma(order: number, x: number): number {
  if (x === Infinity) return 0;
  if (Number.isNaN(x) || x === -Infinity) return Number.NaN;
  const sign = order % 2 === 0 ? -1 : 1;
  if (x > 0) return sign * factorial(order) * hurwitzZeta(order + 1, x);
  if (Number.isInteger(x)) return sign > 0 ? Infinity : Number.NaN;
  return -sign * polygamma(order, 1 - x) - Math.PI ** (order + 1) * cotangentDerivative(order, 1 / tanPi(x));
}

function factorial(n: number): number {
  let product = 1;
  for (let factor = 2; factor <= n && Number.isFinite(product); factor++) product *= factor;
  return product;
}

/** The derivative of the cotangent as a polynomial in its value c: `P(m+1) = -(1 + c²) P(m)'`. */
function cotangentDerivative(order: number, c: number): number {
  let polynomial = [0, 1];
  for (let m = 0; m < order; m++) {
    const slope = polynomial.slice(1).map((coefficient, i) => coefficient * (i + 1));
    polynomial = Array.from({ length: slope.length + 2 }, (_, i) => -((slope[i] ?? 0) + (slope[i - 2] ?? 0)));
  }
  return polynomial.reduceRight((sum, coefficient) => sum * c + coefficient, 0);
}
