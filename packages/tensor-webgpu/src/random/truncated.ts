import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { broadcastValue } from '../ops/operands.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { broadcastShapes, type Shape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { ABOVE_MINUS_ONE, checkedDType, type RandomOptions, unit } from './continuous.ts';
import type { Key } from './key.ts';
import { parameterIn } from './parameters.ts';

/**
 * Where the interval begins beyond `from`, draws come from the tail: `erf` is too close to 1 there. A continued
 * fraction of `terms` terms gives Mills' ratio to rounding from `from` on, and `rounds` Newton steps the inverse.
 */
const TAIL = { f32: { from: 3, terms: 12, rounds: 2 }, f64: { from: 5, terms: 20, rounds: 3 } };

/** Mills' ratio `Q(x) / φ(x)` by Laplace's continued fraction `1 / (x + 1 / (x + 2 / (x + …)))`. */
function millsRatio(x: Value, terms: number): Value {
  let rest = x;
  for (let k = terms; k > 0; k--) rest = lax.add(x, lax.div(k, rest));
  return lax.div(1, rest);
}

/**
 * The x >= low with `Q(x) = Q(low) (1 - u) + Q(high) u`, for low of at least `from`: Newton's method for
 * `log(m(x) / m(low)) - (x² - low²) / 2 = log(Q(x) / Q(low))` in `d = x - low`, with m Mills' ratio.
 */
function tailQuantile(u: Value, low: Value, high: Value, dtype: 'f32' | 'f64'): Value {
  const { terms, rounds } = TAIL[dtype];
  const atLow = millsRatio(low, terms);
  /** log(Q(low + d) / Q(low)) */
  const fall = (d: Value, ratio: Value): Value =>
    lax.sub(lax.log(lax.div(ratio, atLow)), lax.mul(d, lax.add(low, lax.mul(d, 0.5))));
  // An upper bound at infinity, or too far for a square, is never reached.
  const width = lax.sub(high, low);
  const far = lax.ge(width, 1e9);
  const bounded = lax.select(far, 1, width);
  const toHigh = lax.expm1(fall(bounded, millsRatio(lax.add(low, bounded), terms)));
  const level = lax.log1p(lax.mul(u, lax.select(far, -1, toHigh)));
  const root = lax.sqrt(lax.sub(lax.mul(low, low), lax.mul(level, 2)));
  let d = lax.div(lax.mul(level, -2), lax.add(low, root));
  for (let round = 0; round < rounds; round++) {
    const ratio = millsRatio(lax.add(low, d), terms);
    d = lax.add(d, lax.mul(lax.sub(fall(d, ratio), level), ratio));
  }
  return lax.add(low, d);
}

/** By inversion of `erf`, where the interval reaches the middle. */
function centralQuantile(u: Value, low: Value, high: Value, dtype: 'f32' | 'f64'): Value {
  const [a, b] = [low, high].map((bound) => lax.erf(lax.mul(bound, Math.SQRT1_2)));
  const level = lax.max(lax.add(lax.mul(u, lax.sub(b, a)), a), a);
  const most = -ABOVE_MINUS_ONE[dtype];
  // Bounds at infinity are not drawn themselves.
  return lax.mul(lax.erfInv(lax.min(lax.max(level, -most), most)), Math.SQRT2);
}

/** One case where it is known, else a choice by element; each case sees bounds that it can take. */
function quantile(u: Value, low: Value, high: Value, dtype: 'f32' | 'f64', known: Case | undefined): Value {
  const { from } = TAIL[dtype];
  // The lower tail is the upper one of -x, drawn from its far end.
  const mirrored = (u: Value): Value => lax.min(lax.sub(1, u), -ABOVE_MINUS_ONE[dtype]);
  if (known === 'upper') return tailQuantile(u, low, high, dtype);
  if (known === 'lower') return lax.neg(tailQuantile(mirrored(u), lax.neg(high), lax.neg(low), dtype));
  if (known === 'middle') return centralQuantile(u, low, high, dtype);
  const upper = lax.ge(low, from);
  const lower = lax.le(high, -from);
  const tail = lax.or(upper, lower);
  const near = lax.select(upper, low, lax.select(lower, lax.neg(high), from));
  const far = lax.select(upper, high, lax.select(lower, lax.neg(low), from + 1));
  const beyond = tailQuantile(lax.select(lower, mirrored(u), u), near, far, dtype);
  const middle = centralQuantile(u, lax.select(tail, -1, low), lax.select(tail, 1, high), dtype);
  return lax.select(tail, lax.select(lower, lax.neg(beyond), beyond), middle);
}

type Case = 'upper' | 'lower' | 'middle';

function caseOf(low: TensorLike, high: TensorLike, from: number): Case | undefined {
  if (typeof low === 'number' && low >= from) return 'upper';
  if (typeof high === 'number' && high <= -from) return 'lower';
  return typeof low === 'number' && typeof high === 'number' ? 'middle' : undefined;
}

/**
 * Standard normal numbers given that they lie in [lower, upper], by inversion, however far in a tail the interval is.
 * Bounds broadcast to `shape`, by default to each other's; derivatives flow to them. Of 2²³ levels in f32 and 2⁵² in f64, so that what is rarer
 * within the interval is not drawn. In the middle they are those of `jax.random.truncated_normal`.
 * @throws ArgumentError for plain bounds unless lower < upper; where elements of tensors are not, NaN.
 */
export function truncatedNormal(
  key: Key,
  lower: TensorLike,
  upper: TensorLike,
  shape?: Shape,
  options: RandomOptions = {},
): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.truncatedNormal', options, ['dtype']);
  return composite('random.truncatedNormal', () => {
    const type = checkedDType('truncatedNormal', dtype);
    if (typeof lower === 'number' && typeof upper === 'number' && !(lower < upper)) {
      throw new ArgumentError(`random.truncatedNormal: lower ${lower} must be less than upper ${upper}.`);
    }
    const bounds = [lower, upper].map((bound) => parameterIn(key, bound, type));
    const drawnShape = shape ?? broadcastShapes('random.truncatedNormal', bounds[0].shape, bounds[1].shape);
    const [low, high] = bounds.map((bound) => broadcastValue('random.truncatedNormal', bound, drawnShape));
    const u = unit('truncatedNormal', key, drawnShape, type);
    const drawn = lax.min(lax.max(quantile(u, low, high, type, caseOf(lower, upper, TAIL[type].from)), low), high);
    if (typeof lower === 'number' && typeof upper === 'number') return drawn;
    return lax.select(lax.lt(low, high), drawn, Number.NaN);
  });
}
