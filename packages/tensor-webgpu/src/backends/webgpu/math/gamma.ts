import { wgsl } from './function.ts';
import { log, log1p } from './logarithm.ts';
import { float, infinity, isFinite, isNaN, nan, polynomial } from './numbers.ts';
import { sinCos } from './trigonometric.ts';

const EULER_GAMMA = 0.5772156649015329;
const HALF_LOG_TWO_PI = 0.9189385332046728;

/** ζ(s, x) in float64, by 40 terms and the first corrections of Euler and Maclaurin. */
function hurwitzZeta(s: number, x: number): number {
  let sum = 0;
  for (let k = 0; k < 40; k++) sum += (x + k) ** -s;
  const a = x + 40;
  return sum + (a ** (1 - s) / (s - 1) + a ** -s / 2 + (s * a ** (-s - 1)) / 12);
}

/** Taylor coefficients of (ln Γ(2 + z)/z − (1 − γ))/z: ±(ζ(k) − 1)/k for k = 2, 3, …; 14 terms on |z| ≤ 1/2 leave 2⁻³². */
const TAYLOR_AT_TWO = Array.from({ length: 14 }, (_, i) => (hurwitzZeta(i + 2, 2) / (i + 2)) * (i % 2 === 0 ? 1 : -1));

/** B₂ₖ/(2k(2k − 1)) of Stirling's series in 1/x². */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680];
const STIRLING_FROM = 9;

/** sin πx and cos πx, exactly 0 where they are. */
const sinCosPi = wgsl(
  `
fn math_sin_cos_pi(x: f32) -> vec2f {
  let halves = round(2f * x);
  let near = math_sin_cos((x - 0.5f * halves) * ${float(Math.PI)});
  // Beyond 2^24 every float is even.
  let q = select(0u, bitcast<u32>(i32(halves)) & 3u, abs(x) < 0x1p+24f);
  let parts = select(near, near.yx, (q & 1u) != 0u);
  return vec2f(select(parts.x, -parts.x, q >= 2u), select(parts.y, -parts.y, q == 1u || q == 2u));
}`,
  [sinCos],
);

const nearTwo = wgsl(`
fn math_log_gamma_near_two(z: f32) -> f32 {
  return z * fma(z, ${polynomial('z', TAYLOR_AT_TWO)}, ${float(1 - EULER_GAMMA)});
}`);

const positive = wgsl(
  `
fn math_log_gamma_positive(x: f32) -> f32 {
  if (x >= ${float(STIRLING_FROM)}) {
    if (x > 0x1p+30f) { return x * (math_log(x) - 1f); }
    let inverse = 1f / x;
    let z = inverse * inverse;
    return fma(x - 0.5f, math_log(x) - 1f, fma(inverse, ${polynomial('z', STIRLING)}, ${float(HALF_LOG_TWO_PI - 0.5)}));
  }
  if (x < 0.5f) { return (math_log_gamma_near_two(x) - math_log1p(x)) - math_log(x); }
  if (x < 1.5f) { return math_log_gamma_near_two(x - 1f) - math_log1p(x - 1f); }
  var product = 1f;
  var rest = x;
  while (rest > 2.5f) {
    rest -= 1f;
    product *= rest;
  }
  return math_log(product) + math_log_gamma_near_two(rest - 2f);
}`,
  [log, log1p, nearTwo],
);

/** log |Γ(x)|: Taylor series at 2, recurrence, Stirling's series; below 0 by reflection (Abramowitz and Stegun 6.1.17). */
export const lgamma = wgsl(
  `
fn math_lgamma(x: f32) -> f32 {
  if (math_is_nan(x)) { return x; }
  if (!math_is_finite(x)) { return math_infinity(); }
  if (x > 0f) { return math_log_gamma_positive(x); }
  if (trunc(x) == x) { return math_infinity(); }
  // log |1/x| for the smallest, where the reflection would divide by a denormal number.
  if (x > -0x1p-60f) { return -math_log(-x); }
  return math_log(${float(Math.PI)} / abs(math_sin_cos_pi(x).x)) - math_log_gamma_positive(1f - x);
}`,
  [isNaN, isFinite, infinity, positive, log, sinCosPi],
);

/** The positive zero of the digamma function, in two parts. */
const DIGAMMA_ZERO = 1.4616321449683622;
const DIGAMMA_ZERO_LOW = DIGAMMA_ZERO - Math.fround(DIGAMMA_ZERO);
const DIGAMMA_NEAR = 0.5;
/** Taylor coefficients at the zero: (−1)ⁿ⁺¹ ζ(n + 1, zero). */
const DIGAMMA_AT_ZERO = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : -1) * hurwitzZeta(i + 2, DIGAMMA_ZERO));
/** B₂ₖ/2k of its asymptotic series. */
const DIGAMMA_SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132];
const DIGAMMA_FROM = 6;

const digammaPositive = wgsl(
  `
fn math_digamma_positive(x: f32) -> f32 {
  let z = (x - ${float(DIGAMMA_ZERO)}) - ${float(DIGAMMA_ZERO_LOW)};
  if (abs(z) < ${float(DIGAMMA_NEAR)}) { return z * ${polynomial('z', DIGAMMA_AT_ZERO)}; }
  var shift = 0f;
  var rest = x;
  while (rest < ${float(DIGAMMA_FROM)}) {
    shift += 1f / rest;
    rest += 1f;
  }
  let inverse = 1f / rest;
  let w = inverse * inverse;
  return ((math_log(rest) - 0.5f * inverse) - w * ${polynomial('w', DIGAMMA_SERIES)}) - shift;
}`,
  [log],
);

/** The derivative of `lgamma` (Abramowitz and Stegun 6.3.5, 6.3.7, 6.3.18); −∞ at 0, ∞ at −0, NaN at −1, −2, …. */
export const digamma = wgsl(
  `
fn math_digamma(x: f32) -> f32 {
  if (x == 0f) { return select(-math_infinity(), math_infinity(), (bitcast<u32>(x) >> 31u) != 0u); }
  if (x > 0f) { return math_digamma_positive(x); }
  if (math_is_nan(x) || trunc(x) == x) { return math_nan(); }
  if (x > -0x1p-60f) { return -1f / x; }
  let turn = math_sin_cos_pi(x);
  return math_digamma_positive(1f - x) - ${float(Math.PI)} * (turn.y / turn.x);
}`,
  [infinity, isNaN, nan, digammaPositive, sinCosPi],
);

/** The Bernoulli numbers B₂, B₄, …, B₁₂. */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730];

function factorial(n: number): number {
  let product = 1;
  for (let factor = 2; factor <= n && Number.isFinite(product); factor++) product *= factor;
  return product;
}

/** Statements that leave scale·`name`ˢ of a whole s ≥ 1 in `power`. */
function powerSteps(scale: string, s: number, name: string): string {
  const steps = [`var power = ${scale};`, `var square = ${name};`];
  for (let rest = s; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) steps.push('power *= square;');
    if (rest > 1) steps.push('square *= square;');
  }
  return steps.join(' ');
}

/** The derivative of order m of the cotangent in its value c: P(m + 1) = −(1 + c²) P(m)'. */
function cotangentDerivative(order: number): number[] {
  let coefficients = [0, 1];
  for (let m = 0; m < order; m++) {
    const slope = coefficients.slice(1).map((coefficient, i) => coefficient * (i + 1));
    coefficients = Array.from({ length: slope.length + 2 }, (_, i) => -((slope[i] ?? 0) + (slope[i - 2] ?? 0)));
  }
  return coefficients;
}

/**
 * The `order`-th derivative of digamma, order ≥ 1: (−1)^(m+1) m! ζ(m + 1, x), the first terms one by one and the rest by the
 * Euler-Maclaurin formula; below 0 by reflection (Abramowitz and Stegun 6.4.7, 6.4.10).
 */
export function polygamma(order: number) {
  const s = order + 1;
  const sign = order % 2 === 0 ? -1 : 1;
  const largest = sign * factorial(order);
  const scale = Math.abs(largest) < 2 ** 128 ? float(largest) : `${sign < 0 ? '-' : ''}math_infinity()`;
  const from = 6 + s / 2;
  // The factors of B₂ⱼ a^(1 − s − 2j): s(s + 1)…(s + 2j − 2)/(2j)!
  const corrections: number[] = [];
  let factor = s / 2;
  BERNOULLI.forEach((bernoulli, j) => {
    corrections.push(bernoulli * factor);
    const next = 2 * (j + 1);
    factor *= ((s + next - 1) * (s + next)) / ((next + 1) * (next + 2));
  });
  const zeta = wgsl(
    `
fn math_scaled_zeta_${s}(x: f32) -> f32 {
  var sum = 0f;
  var a = x;
  while (a < ${float(from)}) {
    let each = 1f / a;
    ${powerSteps(scale, s, 'each')}
    sum += power;
    a += 1f;
  }
  let inverse = 1f / a;
  let z = inverse * inverse;
  ${powerSteps(scale, s - 1, 'inverse')}
  let rest = fma(inverse, fma(inverse, ${polynomial('z', corrections)}, 0.5f), ${float(1 / (s - 1))});
  return sum + power * rest;
}`,
    [infinity],
  );
  const reflected = float(Math.PI ** (order + 1));
  return wgsl(
    `
fn math_polygamma_${order}(x: f32) -> f32 {
  if (math_is_nan(x)) { return x; }
  if (!math_is_finite(x)) { return select(math_nan(), 0f, x > 0f); }
  if (x > 0f) { return math_scaled_zeta_${s}(x); }
  if (trunc(x) == x) { return ${sign > 0 ? 'math_infinity()' : 'math_nan()'}; }
  let turn = math_sin_cos_pi(x);
  let c = turn.y / turn.x;
  return ${sign > 0 ? '-' : ''}math_scaled_zeta_${s}(1f - x) - ${reflected} * ${polynomial('c', cotangentDerivative(order))};
}`,
    [isNaN, isFinite, nan, infinity, zeta, sinCosPi],
  );
}
