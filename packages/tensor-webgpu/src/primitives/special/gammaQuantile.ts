import { digamma } from './gamma.ts';

/** From here on the distribution is so close to normal that its first corrections are enough. */
const LARGE_SHAPE = 1e5;
const MAX_TERMS = 20_000;

/**
 * `d log x / d alpha` at a fixed level of the distribution function F of standard gamma numbers, `x = F⁻¹(u; alpha)`:
 * `-(∂F / ∂alpha) / (x f(x))` (Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018, eq. 6).
 * Takes log x, since x itself may underflow for small alpha. NaN where alpha is not positive.
 */
export function logGammaQuantileSlope(alpha: number, logX: number): number {
  if (!(alpha > 0) || Number.isNaN(logX)) return Number.NaN;
  if (alpha > LARGE_SHAPE) return slopeNearNormal(alpha, Math.exp(logX));
  const x = Math.exp(logX);
  const logGap = logX - digamma(alpha);
  return x <= alpha + 1 ? slopeBySeries(alpha, x, logGap - 1 / alpha) : slopeByFraction(alpha, x, logGap);
}

/** `F = x^α e⁻ˣ / Γ(α + 1) · Σ xⁿ / ((α + 1) … (α + n))`, and the sum's derivative term by term. */
function slopeBySeries(alpha: number, x: number, logGap: number): number {
  let term = 1;
  let harmonic = 0;
  let sum = 1;
  let slope = 0;
  for (let n = 1; n < MAX_TERMS; n++) {
    term *= x / (alpha + n);
    harmonic += 1 / (alpha + n);
    sum += term;
    slope -= term * harmonic;
    if (term * (1 + harmonic) < Number.EPSILON * sum * 0.1) break;
  }
  return -(sum * logGap + slope) / alpha;
}

/**
 * `1 - F = x^α e⁻ˣ / Γ(α) · C`, with C the continued fraction `1 / (x + 1 - α - 1 (1 - α) / (x + 3 - α - …))` (Abramowitz and
 * Stegun 6.5.31) by Lentz's method, each quantity with its derivative in α.
 */
function slopeByFraction(alpha: number, x: number, logGap: number): number {
  let b = x + 1 - alpha;
  // Quotients of neighboring convergents: c from the front, d (inverted) from the back.
  let c = 1 / Number.MIN_VALUE ** 0.5;
  let cSlope = 0;
  let d = 1 / b;
  let dSlope = d * d;
  let fraction = d;
  let slope = dSlope;
  for (let n = 1; n < MAX_TERMS; n++) {
    const a = -n * (n - alpha);
    b += 2;
    const below = a * d + b;
    const belowSlope = n * d + a * dSlope - 1;
    d = 1 / below;
    dSlope = -belowSlope * d * d;
    cSlope = n / c - (a * cSlope) / (c * c) - 1;
    c = b + a / c;
    const factor = c * d;
    const factorSlope = cSlope * d + c * dSlope;
    slope = slope * factor + fraction * factorSlope;
    fraction *= factor;
    if (Math.abs(factor - 1) < Number.EPSILON && Math.abs(factorSlope) < Number.EPSILON) break;
  }
  return fraction * logGap + slope;
}

/** By the cube root that is nearly normal (Wilson and Hilferty 1931), `x = α (1 - 1 / 9α + z / 3√α)³`, at fixed z. */
function slopeNearNormal(alpha: number, x: number): number {
  const root = Math.cbrt(x / alpha);
  const z = 3 * Math.sqrt(alpha) * (root - 1 + 1 / (9 * alpha));
  const rootSlope = 1 / (9 * alpha * alpha) - z / (6 * alpha ** 1.5);
  return 1 / alpha + (3 * rootSlope) / root;
}
