import { lax } from '../primitives/lax.ts';
import { binary, unary } from './apply.ts';

/** sin x, x in radians. */
export const sin = unary('sin', 'float', lax.sin);

/** cos x, x in radians. */
export const cos = unary('cos', 'float', lax.cos);

/** tan x, x in radians. */
export const tan = unary('tan', 'float', lax.tan);

/** The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. */
export const asin = unary('asin', 'float', lax.asin);

/** The angle in [0, π] whose cosine is x; NaN outside [-1, 1]. */
export const acos = unary('acos', 'float', lax.acos);

/** The angle in (-π/2, π/2) whose tangent is x. */
export const atan = unary('atan', 'float', lax.atan);

/** The angle in [-π, π] of the point (x, y): `atan2(y, x)`. */
export const atan2 = binary('atan2', 'float', lax.atan2);

/** (eˣ - e⁻ˣ) / 2. */
export const sinh = unary('sinh', 'float', lax.sinh);

/** (eˣ + e⁻ˣ) / 2. */
export const cosh = unary('cosh', 'float', lax.cosh);

/** The hyperbolic tangent. */
export const tanh = unary('tanh', 'float', lax.tanh);

/** The inverse of sinh. */
export const asinh = unary('asinh', 'float', lax.asinh);

/** The inverse of cosh, at least 0; NaN below 1. */
export const acosh = unary('acosh', 'float', lax.acosh);

/** The inverse of tanh; NaN outside [-1, 1]. */
export const atanh = unary('atanh', 'float', lax.atanh);

/** x in degrees, from radians. */
export const degrees = unary('degrees', 'float', (x) => lax.mul(x, 180 / Math.PI));

/** x in radians, from degrees. */
export const radians = unary('radians', 'float', (x) => lax.mul(x, Math.PI / 180));

/** Below this |πx| the series of sin(t)/t and its derivatives is exact to rounding in f32 and close to it in f64. */
const SINC_SERIES_LIMIT = 0.25;

/** Coefficients of sin(t)/t in powers of t²: (-1)ᵏ / (2k + 1)!. */
const SINC_SERIES = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800];

/** sin(πx) / (πx), and 1 at 0, with exact derivatives of the low orders at 0 (a series is used near it). */
export const sinc = unary('sinc', 'float', (x) => {
  const t = lax.mul(x, Math.PI);
  const near = lax.lt(lax.abs(t), SINC_SERIES_LIMIT);
  const squared = lax.mul(t, t);
  let series = lax.mul(squared, SINC_SERIES[6]);
  for (let k = 5; k >= 1; k--) series = lax.mul(lax.add(series, SINC_SERIES[k]), squared);
  series = lax.add(series, SINC_SERIES[0]);
  const safe = lax.select(near, 1, t);
  return lax.select(near, series, lax.div(lax.sin(safe), safe));
});
