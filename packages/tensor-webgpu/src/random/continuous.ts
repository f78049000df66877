import type { DType } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, DTypeError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { broadcastValue } from '../ops/operands.ts';
import { lax } from '../primitives/lax.ts';
import type { Operand, Value } from '../program/value.ts';
import type { Shape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { bitsFor, type Key, wideBits } from './key.ts';
import { parameterIn } from './parameters.ts';

export interface RandomOptions {
  /** f32 (default) or f64. */
  readonly dtype?: DType;
}

/** The smallest positive normal f32. */
const TINY = 2 ** -126;
/** The gap between 1 and the next f32. */
const EPSILON = 2 ** -23;
/** The f32 and the f64 just above -1: no number drawn from there on has an infinite erfInv. */
export const ABOVE_MINUS_ONE = { f32: -1 + 2 ** -24, f64: -1 + 2 ** -53 };

export function checkedDType(op: string, dtype: DType): 'f32' | 'f64' {
  if (dtype === 'f32' || dtype === 'f64') return dtype;
  throw new DTypeError(`random.${op}: dtype must be f32 or f64, got ${dtype}. Use random.randint for integers.`);
}

/** Uniform numbers in [0, 1): multiples of 2⁻²³ in f32 and of 2⁻⁵² in f64. */
export function unit(op: string, key: Key, shape: Shape, dtype: 'f32' | 'f64'): Value {
  if (dtype === 'f64') {
    const [high, low] = wideBits(op, key, shape);
    const upper = lax.mul(lax.cast(high, 'f64'), 2 ** -32);
    return lax.add(upper, lax.mul(lax.cast(lax.shiftRight(low, 12), 'f64'), 2 ** -52));
  }
  // 23 bits as the fraction of a number in [1, 2).
  const fraction = lax.or(lax.shiftRight(bitsFor(op, key, shape), 9), 0x3f800000);
  return lax.sub(lax.bitcast(fraction, 'f32'), 1);
}

/** Uniform in [low, high) for plain numbers. */
function between(op: string, key: Key, shape: Shape, low: number, high: number, dtype: 'f32' | 'f64'): Value {
  const width = dtype === 'f32' ? Math.fround(Math.fround(high) - Math.fround(low)) : high - low;
  const drawn = unit(op, key, shape, dtype);
  if (!Number.isFinite(width)) return mixed(drawn, low, high);
  const scaled = width === 1 ? drawn : lax.mul(drawn, width);
  // Rounding may fall below the lower bound by one unit in the last place.
  return low === 0 ? scaled : lax.max(lax.add(scaled, low), low);
}

/** (1 - u) low + u high, for bounds whose difference is more than the largest number. */
const mixed = (u: Value, low: Operand, high: Operand): Value => lax.add(lax.mul(lax.sub(1, u), low), lax.mul(u, high));

export interface UniformOptions extends RandomOptions {
  readonly minval?: TensorLike;
  readonly maxval?: TensorLike;
}

/**
 * Uniform numbers in [minval, maxval), by default [0, 1): of 2²³ levels in f32, 2⁵² in f64. Bounds broadcast to `shape`; with
 * bounds far from 0 rounding can give maxval itself.
 * @throws ArgumentError unless minval <= maxval, both finite; where elements of tensors are not, NaN.
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
      const finite = [minval, maxval].every((bound) => Number.isFinite(type === 'f32' ? Math.fround(bound) : bound));
      if (!(minval <= maxval && finite))
        throw new ArgumentError(
          `random.uniform: expected finite bounds minval <= maxval in ${type}, got minval ${minval} and maxval ${maxval}. Give such bounds.`,
        );
      return between('uniform', key, shape, minval, maxval, type);
    }
    const [low, high] = [minval, maxval].map((bound) =>
      broadcastValue('random.uniform', parameterIn(key, bound, type), shape),
    );
    const drawn = unit('uniform', key, shape, type);
    const width = lax.sub(high, low);
    const inside = lax.max(lax.add(lax.mul(drawn, width), low), low);
    const far = lax.and(lax.not(lax.isFinite(width)), lax.and(lax.isFinite(low), lax.isFinite(high)));
    return lax.select(lax.le(low, high), lax.select(far, mixed(drawn, low, high), inside), Number.NaN);
  });
}

/**
 * Standard normal numbers: √2 erf⁻¹(u) for u uniform in (-1, 1), of 2²³ levels in f32 (up to 5.4 in size) and 2⁵² in f64 (up
 * to 8.2).
 */
export function normal(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.normal', options, ['dtype']);
  return composite('random.normal', () => {
    const type = checkedDType('normal', dtype);
    return lax.mul(lax.erfInv(between('normal', key, shape, ABOVE_MINUS_ONE[type], 1, type)), Math.SQRT2);
  });
}

/** Standard exponential numbers, density e⁻ˣ for x >= 0: -log(1 - u) for u of 2²³ levels in f32 (up to 15.9) and 2⁵² in f64 (up to 36). */
export function exponential(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.exponential', options, ['dtype']);
  return composite('random.exponential', () => {
    const type = checkedDType('exponential', dtype);
    return lax.neg(lax.log1p(lax.neg(unit('exponential', key, shape, type))));
  });
}

/**
 * Standard Gumbel numbers, -log(-log u): the largest of many exponential ones, centered. u has 2²³ levels in f32, which
 * gives -4.5 to 15.9, and 2⁵² in f64.
 */
export function gumbel(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.gumbel', options, ['dtype']);
  return composite('random.gumbel', () => {
    const type = checkedDType('gumbel', dtype);
    return lax.neg(lax.log(lax.neg(lax.log(between('gumbel', key, shape, TINY, 1, type)))));
  });
}

/** Standard Laplace numbers, density e^(-|x|) / 2, by inversion of 2²³ levels in f32 (up to 15.9 in size) and 2⁵² in f64. */
export function laplace(key: Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('random.laplace', options, ['dtype']);
  return composite('random.laplace', () => {
    const type = checkedDType('laplace', dtype);
    const u = between('laplace', key, shape, -1 + (type === 'f32' ? EPSILON : Number.EPSILON), 1, type);
    return lax.mul(lax.sign(u), lax.log1p(lax.neg(lax.abs(u))));
  });
}
