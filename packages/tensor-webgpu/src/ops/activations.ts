import { checkChoice, checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AxisOption, TensorLike } from '../tensor/types.ts';
import { unary } from './apply.ts';
import { composite } from './composite.ts';
import { asFloat } from './operands.ts';
import { max, sum } from './reductions.ts';

/** max(x, 0); its derivative at 0 is 0. */
export const relu = unary('relu', 'number', (x) => lax.select(lax.le(x, 0), 0, x));

/** x where positive, `slope` · x elsewhere. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  return composite('leakyRelu', () => {
    const value = asFloat(x);
    return lax.select(lax.gt(value, 0), value, lax.mul(value, slope));
  });
}

/** x where positive, alpha · (eˣ - 1) elsewhere. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  return composite('elu', () => {
    const value = asFloat(x);
    const positive = lax.gt(value, 0);
    // The exponential never sees a large x, so its derivative stays finite.
    const below = lax.mul(lax.expm1(lax.select(positive, 0, value)), alpha);
    return lax.select(positive, value, below);
  });
}

/** √(2/π), of the tanh form of GELU. */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
/** The cubic coefficient of the tanh form of GELU (Hendrycks & Gimpel 2016, section 2). */
const GELU_CUBIC = 0.044715;

/**
 * x · Φ(x) with Φ the standard normal distribution function; `approximate: 'tanh'` gives
 * x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). Hendrycks & Gimpel 2016.
 */
export function gelu(x: TensorLike, options: { readonly approximate?: 'none' | 'tanh' } = {}): Tensor {
  const { approximate = 'none' } = checkedOptions('gelu', options, ['approximate']);
  checkChoice('gelu', 'approximate', approximate, ['none', 'tanh']);
  return composite('gelu', () => {
    const value = asFloat(x);
    const half = lax.mul(value, 0.5);
    if (approximate === 'none') return lax.mul(half, lax.erfc(lax.mul(value, -Math.SQRT1_2)));
    const cubic = lax.add(lax.mul(lax.mul(value, value), GELU_CUBIC), 1);
    return lax.mul(half, lax.add(lax.tanh(lax.mul(lax.mul(value, cubic), GELU_SCALE)), 1));
  });
}

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid', 'float', lax.sigmoid);

/** log sigmoid(x) = -softplus(-x). */
export const logSigmoid = unary('logSigmoid', 'float', (x) => lax.neg(lax.softplus(lax.neg(x))));

/** x · sigmoid(x) (swish). */
export const silu = unary('silu', 'float', (x) => lax.mul(x, lax.sigmoid(x)));

/**
 * log(1 + e^(beta x)) / beta without overflow: a smooth relu, sharper with larger beta.
 * @throws ArgumentError unless beta is positive and finite.
 */
export function softplus(x: TensorLike, beta = 1): Tensor {
  if (!(Number.isFinite(beta) && beta > 0))
    throw new ArgumentError(`softplus: beta must be positive and finite, got ${describe(beta)}.`);
  return composite('softplus', () => {
    const value = asFloat(x);
    return beta === 1 ? lax.softplus(value) : lax.mul(lax.softplus(lax.mul(value, beta)), 1 / beta);
  });
}

/** Constants of SELU, for which unit variance is a fixed point (Klambauer et al. 2017, equation 14). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** scale · elu(x, alpha) with the constants that keep mean 0 and variance 1 from layer to layer. */
export const selu = (x: TensorLike): Tensor => composite('selu', () => lax.mul(elu(x, SELU_ALPHA), SELU_SCALE));

/** x · tanh(softplus(x)). Misra 2019. */
export const mish = unary('mish', 'float', (x) => lax.mul(x, lax.tanh(lax.softplus(x))));

/** log(x / (1 - x)), the inverse of sigmoid; ±Infinity at 1 and 0. */
export const logit = unary('logit', 'float', (x) => lax.sub(lax.log(x), lax.log1p(lax.neg(x))));

/** x / (1 + |x|). */
export const softsign = unary('softsign', 'float', (x) => lax.div(x, lax.add(lax.abs(x), 1)));

/** x less the largest element of its line, which cancels in what follows: no derivative goes to it. */
const belowTop = (x: Tensor, axis: number): Tensor =>
  x.sub(lax.stopGradient(max(x, { axis, keepDims: true })) as Tensor);

/**
 * eˣ / Σ eˣ along `axis` (the last by default), without overflow. A line of minus infinities only, where
 * everything is masked out, has no weights: it is 0 / 0, NaN, as is a line that holds Infinity.
 */
export function softmax(x: TensorLike, options: AxisOption = {}): Tensor {
  const { axis = -1 } = checkedOptions('softmax', options, ['axis']);
  return composite('softmax', () => {
    const value = asFloat(x);
    const weights = lax.exp(belowTop(value, axis)) as Tensor;
    return weights.div(sum(weights, { axis, keepDims: true }));
  });
}

/** x - log Σ eˣ along `axis` (the last by default), without overflow: the logarithm of `softmax`, NaN where it is. */
export function logSoftmax(x: TensorLike, options: AxisOption = {}): Tensor {
  const { axis = -1 } = checkedOptions('logSoftmax', options, ['axis']);
  return composite('logSoftmax', () => {
    const value = asFloat(x);
    const shifted = belowTop(value, axis);
    const total = sum(lax.exp(shifted) as Tensor, { axis, keepDims: true });
    return shifted.sub(lax.log(total) as Tensor);
  });
}
