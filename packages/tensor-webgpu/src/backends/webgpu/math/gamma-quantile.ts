import { exp } from './exponential.ts';
import { wgsl } from './function.ts';
import { digamma } from './gamma.ts';
import { isNaN, nan } from './numbers.ts';
import { cbrt } from './power.ts';

/**
 * d log x/dα at a fixed level of the distribution function of standard gamma numbers (Figurnov, Mohamed and Mnih 2018, eq. 6),
 * from log x: by the series up to α + 1, beyond by the continued fraction of Abramowitz and Stegun 6.5.31 with Lentz's
 * method, and for large α by the cube root that is nearly normal (Wilson and Hilferty 1931).
 */
export const gammaQuantileSlope = wgsl(
  `
fn math_gamma_slope_series(alpha: f32, x: f32, gap: f32) -> f32 {
  var term = 1f;
  var harmonic = 0f;
  var sum = 1f;
  var slope = 0f;
  for (var n = 1; n < 2000; n++) {
    let inverse = 1f / (alpha + f32(n));
    term *= x * inverse;
    harmonic += inverse;
    sum += term;
    slope -= term * harmonic;
    if (term * (1f + harmonic) < 1e-8f * sum) { break; }
  }
  return -(sum * gap + slope) / alpha;
}
fn math_gamma_slope_fraction(alpha: f32, x: f32, gap: f32) -> f32 {
  var b = x + 1f - alpha;
  var c = 0x1p+60f;
  var cSlope = 0f;
  var d = 1f / b;
  var dSlope = d * d;
  var fraction = d;
  var slope = dSlope;
  for (var n = 1; n < 2000; n++) {
    let a = -f32(n) * (f32(n) - alpha);
    b += 2f;
    let belowSlope = f32(n) * d + a * dSlope - 1f;
    d = 1f / (a * d + b);
    dSlope = -belowSlope * d * d;
    cSlope = f32(n) / c - (a * cSlope) / (c * c) - 1f;
    c = b + a / c;
    let factor = c * d;
    let factorSlope = cSlope * d + c * dSlope;
    slope = slope * factor + fraction * factorSlope;
    fraction *= factor;
    if (abs(factor - 1f) < 2e-7f && abs(factorSlope) < 2e-7f) { break; }
  }
  return fraction * gap + slope;
}
fn math_gamma_slope(alpha: f32, logX: f32) -> f32 {
  if (!(alpha > 0f) || math_is_nan(logX)) { return math_nan(); }
  let x = math_exp(logX);
  if (alpha > 100f) {
    let root = math_cbrt(x / alpha);
    let z = 3f * sqrt(alpha) * (root - 1f + 1f / (9f * alpha));
    return 1f / alpha + 3f * (1f / (9f * alpha * alpha) - z / (6f * alpha * sqrt(alpha))) / root;
  }
  let gap = logX - math_digamma(alpha);
  if (x <= alpha + 1f) { return math_gamma_slope_series(alpha, x, gap - 1f / alpha); }
  return math_gamma_slope_fraction(alpha, x, gap);
}`,
  [digamma, exp, isNaN, nan, cbrt],
);
