import type { DType } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, DTypeError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { asTensor, broadcastValue, castTo } from '../ops/operands.ts';
import type { TensorLike } from '../ops/types.ts';
import { lax } from '../primitives/lax.ts';
import type { Shape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Value } from '../trace/value.ts';
import { bits, type Key, wideBits } from './key.ts';

export interface RandomOptions {
  /** f32 (default) or f64. */
  readonly dtype?: DType;
}

/** The smallest positive normal f32. */
const TINY = 2 ** -126;
/** The gap between 1 and the next f32. */
const EPSILON = 2 ** -23;
/** The f32 and the f64 just above -1: no number drawn from there on has an infinite erfInv. */
const ABOVE_MINUS_ONE = { f32: -1 + 2 ** -24, f64: -1 + 2 ** -53 };

function checkedDType(op: string, dtype: DType): 'f32' | 'f64' {
  if (dtype === 'f32' || dtype === 'f64') return dtype;
  throw new DTypeError(`random.${op}: dtype must be f32 or f64, got ${dtype}. Use random.randint for integers.`);
}

/** Uniform numbers in [0, 1): multiples of 2⁻²³ in f32 and of 2⁻⁵² in f64. */
function unit(op: string, key: Key, shape: Shape, dtype: 'f32' | 'f64'): Value {
  if (dtype === 'f64') {
    const [high, low] = wideBits(op, key, shape);
    const upper = lax.mul(lax.cast(high, 'f64'), 2 ** -32);
    return lax.add(upper, lax.mul(lax.cast(lax.shiftRight(low, 12), 'f64'), 2 ** -52));
  }
  // 23 bits as the fraction of a number in [1, 2).
  const fraction = lax.or(lax.shiftRight(bits(key, shape), 9), 0x3f800000);
  return lax.sub(lax.bitcast(fraction, 'f32'), 1);
}

/** Uniform in [low, high) for plain numbers. */
function between(op: string, key: Key, shape: Shape, low: number, high: number, dtype: 'f32' | 'f64'): Value {
  const width = dtype === 'f32' ? Math.fround(Math.fround(high) - Math.fround(low)) : high - low;
  const drawn = unit(op, key, shape, dtype);
  const scaled = width === 1 ? drawn : lax.mul(drawn, width);
  // Rounding may fall below the lower bound by one unit in the last place.
  return low === 0 ? scaled : lax.max(lax.add(scaled, low), low);
}

export interface UniformOptions extends RandomOptions {
  readonly minval?: TensorLike;
  readonly maxval?: TensorLike;
}

/**
 * Uniform numbers in [minval, maxval), by default [0, 1). Bounds broadcast to `shape`; with bounds far from 0
 * rounding can give maxval itself.
 */
export function uniform(key: Key, shape: Shape = [], options: UniformOptions = {}): Tensor {
  const {
    minval = 0,
    maxval = 1,
    dtype = 'f32',
  } = checkedOptions('random.uniform', options, ['minval', 'maxval', 'dtype']);
  return composite('random.uniform', () => {
    const type = checkedDType('uniform', dtype);
    if (typeof minval === 'number' && typeof maxval === 'number') {
      if (!(minval <= maxval))
        throw new ArgumentError(`random.uniform: minval ${minval} must not exceed maxval ${maxval}.`);
      return between('uniform', key, shape, minval, maxval, type);
    }
    const [low, high] = [minval, maxval].map((bound) =>
      broadcastValue('random.uniform', castTo(asTensor(bound), type), shape),
    );
    const scaled = lax.mul(unit('uniform', key, shape, type), lax.sub(high, low));
    return lax.max(lax.add(scaled, low), low);
  });
}

/** Standard normal numbers: √2 erf⁻¹(u) for u uniform in (-1, 1). */
export function normal(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.normal', options, ['dtype']);
  return composite('random.normal', () => {
    const type = checkedDType('normal', dtype);
    return lax.mul(lax.erfInv(between('normal', key, shape, ABOVE_MINUS_ONE[type], 1, type)), Math.SQRT2);
  });
}

/** Standard normal numbers given that they lie in [lower, upper], by inversion. Bounds broadcast to `shape`. */
export function truncatedNormal(
  key: Key,
  lower: TensorLike,
  upper: TensorLike,
  shape: Shape = [],
  options: RandomOptions = {},
): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.truncatedNormal', options, ['dtype']);
  return composite('random.truncatedNormal', () => {
    const type = checkedDType('truncatedNormal', dtype);
    if (typeof lower === 'number' && typeof upper === 'number' && !(lower < upper)) {
      throw new ArgumentError(`random.truncatedNormal: lower ${lower} must be less than upper ${upper}.`);
    }
    const [low, high] = [lower, upper].map((bound) =>
      broadcastValue('random.truncatedNormal', castTo(asTensor(bound), type), shape),
    );
    const [a, b] = [low, high].map((bound) => lax.erf(lax.mul(bound, Math.SQRT1_2)));
    const level = lax.max(lax.add(lax.mul(unit('truncatedNormal', key, shape, type), lax.sub(b, a)), a), a);
    const drawn = lax.mul(lax.erfInv(level), Math.SQRT2);
    return lax.min(lax.max(drawn, low), high);
  });
}

/** Standard exponential numbers, density e⁻ˣ for x >= 0. */
export function exponential(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.exponential', options, ['dtype']);
  return composite('random.exponential', () => {
    const type = checkedDType('exponential', dtype);
    return lax.neg(lax.log1p(lax.neg(unit('exponential', key, shape, type))));
  });
}

/** Standard Gumbel numbers, -log(-log u): the largest of many exponential ones, centered. */
export function gumbel(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.gumbel', options, ['dtype']);
  return composite('random.gumbel', () => {
    const type = checkedDType('gumbel', dtype);
    return lax.neg(lax.log(lax.neg(lax.log(between('gumbel', key, shape, TINY, 1, type)))));
  });
}

/** Standard Laplace numbers, density e^(-|x|) / 2. */
export function laplace(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.laplace', options, ['dtype']);
  return composite('random.laplace', () => {
    const type = checkedDType('laplace', dtype);
    const u = between('laplace', key, shape, -1 + (type === 'f32' ? EPSILON : Number.EPSILON), 1, type);
    return lax.mul(lax.sign(u), lax.log1p(lax.neg(lax.abs(u))));
  });
}
