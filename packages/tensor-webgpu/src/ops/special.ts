import { lax } from '../primitives/lax.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { unary } from './apply.ts';
import { composite } from './composite.ts';
import { asFloat } from './operands.ts';

/** The error function 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf = unary('erf', 'float', lax.erf);

/** 1 - erf(x), accurate in the right tail. */
export const erfc = unary('erfc', 'float', lax.erfc);

/** The inverse of erf; ±Infinity at ±1 and NaN outside [-1, 1]. */
export const erfInv = unary('erfInv', 'float', lax.erfInv);

/** log |Γ(x)|. */
export const lgamma = unary('lgamma', 'float', lax.lgamma);

/** The derivative of lgamma; -Infinity at 0, Infinity at -0 and NaN at -1, -2, …. */
export const digamma = unary('digamma', 'float', lax.digamma);

/** The derivative number `order` of digamma, order at least 1 (1: trigamma). Throws `ArgumentError` for other orders. */
export const polygamma = (order: number, x: TensorLike): Tensor =>
  composite('polygamma', () => lax.polygamma(order, asFloat(x)));

/** The distribution function of the standard normal: (1 + erf(x/√2)) / 2, accurate in the left tail. */
export const normalCdf = unary('normalCdf', 'float', (x) => lax.mul(lax.erfc(lax.mul(x, -Math.SQRT1_2)), 0.5));
