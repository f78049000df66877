import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { softmax } from '../ops/activations.ts';
import { composite } from '../ops/composite.ts';
import { asTensor, broadcastValue } from '../ops/operands.ts';
import { reshape } from '../ops/reshape.ts';
import { gammaQuantileSlope } from '../primitives/gammaQuantile.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { broadcastShapes, checkShape, type Shape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { whileLoop } from '../transforms/control/loops.ts';
import { customJvp } from '../transforms/custom.ts';
import { vmap } from '../transforms/vmap.ts';
import { checkedDType, exponential, normal, type RandomOptions, uniform } from './continuous.ts';
import { type Key, split } from './key.ts';
import { parameterIn } from './parameters.ts';

/** The quick acceptance test of Marsaglia and Tsang: u < 1 - 0.0331 x⁴. */
const SQUEEZE = 0.0331;

interface Trial {
  readonly key: Key;
  /** The cube (1 + c x)³ that scales the sample. */
  readonly cube: Tensor;
  readonly accepted: Tensor;
}

/** log of one standard gamma number of shape `alpha`: rejection, and for alpha < 1 a boost from alpha + 1. */
function logGammaOne(key: Key, alpha: Tensor): Tensor {
  const { dtype } = alpha;
  const [trialKey, boostKey] = split(key);
  const large = lax.ge(alpha, 1);
  const d = lax.sub(lax.select(large, alpha, lax.add(alpha, 1)), 1 / 3);
  const c = lax.mul(lax.rsqrt(d), 1 / 3);
  const { cube } = whileLoop<Trial>(
    ({ accepted }) => lax.not(accepted) as Tensor,
    ({ key: current }) => {
      const [next, normalKey, uniformKey] = split(current, 3);
      const x = normal(split(normalKey).at(1), [], { dtype });
      const v = lax.add(lax.mul(x, c), 1);
      const positive = lax.gt(v, 0);
      const candidate = lax.select(positive, lax.mul(lax.mul(v, v), v), 1);
      const squared = lax.mul(x, x);
      const u = uniform(uniformKey, [], { dtype });
      const quick = lax.lt(u, lax.sub(1, lax.mul(lax.mul(squared, squared), SQUEEZE)));
      const limit = lax.add(lax.mul(squared, 0.5), lax.mul(d, lax.add(lax.sub(1, candidate), lax.log(candidate))));
      const accepted = lax.and(positive, lax.or(quick, lax.lt(lax.log(u), limit)));
      return { key: next, cube: candidate as Tensor, accepted: accepted as Tensor };
    },
    {
      key: trialKey,
      cube: lax.full([], 1, dtype) as Tensor,
      accepted: lax.not(lax.and(lax.gt(alpha, 0), lax.lt(alpha, Number.POSITIVE_INFINITY))) as Tensor,
    },
  );
  const boost = lax.select(large, 0, lax.div(lax.neg(exponential(boostKey, [], { dtype })), alpha));
  const sample = lax.add(lax.add(lax.log(d), lax.log(cube)), boost);
  return lax.select(lax.gt(alpha, 0), sample, Number.NaN) as Tensor;
}

/**
 * The logarithm of standard gamma numbers, exact for small shapes where the number itself would underflow. The derivative
 * in `alpha` is that of the number at a fixed level of its distribution function (implicit reparameterization); draws have
 * no second derivatives.
 * @throws ArgumentError for a plain number that is not positive; elements of a tensor that are not give NaN.
 */
export function loggamma(key: Key, alpha: TensorLike, shape?: Shape, options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.loggamma', options, ['dtype']);
  if (typeof alpha === 'number' && !(alpha > 0 && alpha < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError(`random.gamma: alpha must be positive and finite, got ${alpha}. Give a shape above 0.`);
  }
  return composite('random.loggamma', () => {
    const given = parameterIn(key, alpha, checkedDType('gamma', dtype));
    const target = shape ?? given.shape;
    const alphas = reshape(broadcastValue('random.gamma', given, target), [sizeOf(target)]);
    return reshape(logGammas(split(key, sizeOf(target)), alphas), target);
  });
}

/** log of gamma numbers of the shapes `alphas`, one for each of `keys`, with their derivative. */
const logGammas: (keys: Tensor, alphas: Tensor) => Tensor = customJvp(
  (keys: Tensor, alphas: Tensor): Tensor => vmap(logGammaOne)(keys, alphas),
  ([keys, alphas], [, along]) => {
    const drawn = logGammas(keys, alphas);
    return [drawn, lax.mul(gammaQuantileSlope(alphas, drawn), along) as Tensor];
  },
);

/**
 * Standard gamma numbers, density x^(alpha - 1) e⁻ˣ / Γ(alpha), alpha > 0 (Marsaglia & Tsang 2000); of the shape
 * of `alpha` unless `shape` is given. Differentiable once in `alpha`, as `loggamma` is.
 */
export const gamma = (key: Key, alpha: TensorLike, shape?: Shape, options?: RandomOptions): Tensor =>
  composite('random.gamma', () => lax.exp(loggamma(key, alpha, shape, options)));

/** Beta numbers, density proportional to x^(a - 1) (1 - x)^(b - 1) on [0, 1], a and b > 0. Differentiable once in a and b. */
export function beta(key: Key, a: TensorLike, b: TensorLike, shape?: Shape, options?: RandomOptions): Tensor {
  return composite('random.beta', () => {
    const target = shape ?? broadcastShapes('random.beta', asTensor(a).shape, asTensor(b).shape);
    const [first, second] = split(key);
    const logs: Value[] = [loggamma(first, a, target, options), loggamma(second, b, target, options)];
    // x / (x + y) = sigmoid(log x - log y), which neither over- nor underflows on the way.
    return lax.sigmoid(lax.sub(logs[0], logs[1]));
  });
}

/**
 * Points of the simplex, density proportional to Π xᵢ^(alphaᵢ - 1) over the last axis; `shape` comes before it.
 * Differentiable once in `alpha`. An alpha that is not positive gives NaN in its point.
 */
export const dirichlet = (key: Key, alpha: TensorLike, shape: Shape = [], options?: RandomOptions): Tensor =>
  composite('random.dirichlet', () => {
    checkShape('random.dirichlet', shape);
    if (asTensor(alpha).ndim === 0)
      throw new ShapeError('random.dirichlet: expected alpha as a vector, one number a coordinate, got a scalar.');
    return softmax(loggamma(key, alpha, [...shape, ...asTensor(alpha).shape], options));
  });
