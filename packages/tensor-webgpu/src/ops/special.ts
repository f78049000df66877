import { lax } from '../primitives/lax.ts';
import { unary } from './apply.ts';

/** The error function 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf = unary('erf', 'float', lax.erf);

/** 1 - erf(x), accurate in the right tail. */
export const erfc = unary('erfc', 'float', lax.erfc);

/** The inverse of erf; ±Infinity at ±1 and NaN outside [-1, 1]. */
export const erfInv = unary('erfInv', 'float', lax.erfInv);

/** log |Γ(x)|. */
export const lgamma = unary('lgamma', 'float', lax.lgamma);

/** The derivative of lgamma. */
export const digamma = unary('digamma', 'float', lax.digamma);

/** The distribution function of the standard normal: (1 + erf(x/√2)) / 2, accurate in the left tail. */
export const normalCdf = unary('normalCdf', 'float', (x) => lax.mul(lax.erfc(lax.mul(x, -Math.SQRT1_2)), 0.5));
