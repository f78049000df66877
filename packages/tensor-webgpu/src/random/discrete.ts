import type { DType } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { cumsum } from '../ops/cumulative.ts';
import { take } from '../ops/indexing.ts';
import { asFloat, asTensor, broadcastValue, isTensor } from '../ops/operands.ts';
import { argmax } from '../ops/reductions.ts';
import { slice } from '../ops/slice.ts';
import { searchsorted, topK } from '../ops/sorting.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import {
  broadcastShapes,
  checkShape,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  withoutAxes,
} from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { bernoulli } from './bernoulli.ts';
import { gumbel, uniform } from './continuous.ts';
import { bits, type Key, placeOfKey, split } from './key.ts';
import { checkedElements, elementsOf } from './parameters.ts';

/** -1 or 1, each with probability 1/2. */
export const rademacher = (key: Key, shape: Shape = [], options: { readonly dtype?: DType } = {}): Tensor =>
  composite('random.rademacher', () => {
    const { dtype = 'f32' } = checkedOptions('random.rademacher', options, ['dtype']);
    if (dtype === 'u32' || dtype === 'bool')
      throw new DTypeError(`random.rademacher: dtype must have room for -1: f32, f64 or i32, got ${dtype}.`);
    return lax.sub(lax.mul(lax.cast(bernoulli(key, 0.5, shape), dtype), 2), 1);
  });

export interface CategoricalOptions {
  /** The axis of the classes (the last by default). */
  readonly axis?: number;
  /** The shape of the result; ends in the shape of `logits` without its class axis, which is the default. */
  readonly shape?: Shape;
}

/**
 * Classes (i32) with probabilities softmax(logits) along `axis`, by the Gumbel-max trick; a class of logit -Infinity is not
 * drawn. The noise has 2²³ levels in f32 and lies in [-4.5, 15.9]: classes rarer than about 1e-6 need f64 logits.
 * @throws ArgumentError for logits that are NaN or Infinity, or all -Infinity; inside a trace, where they cannot be seen, and for
 * more than 2¹⁶ of them, the first of those is drawn.
 */
export function categorical(key: Key, logits: TensorLike, options: CategoricalOptions = {}): Tensor {
  const { axis = -1, shape } = checkedOptions('random.categorical', options, ['axis', 'shape']);
  checkedElements(
    'random.categorical',
    'logits',
    logits,
    (value) => value < Number.POSITIVE_INFINITY,
    'to be numbers below Infinity',
  );
  return composite('random.categorical', () => {
    const given = asFloat(asTensor(logits, placeOfKey(key)));
    const at = normalizeAxis('random.categorical', axis, given.ndim);
    checkPossible(logits, given.shape, at);
    const base = withoutAxes(given.shape, [at]);
    const target = shape ?? base;
    if (!sameShape(broadcastShapes('random.categorical', target, base), target)) {
      throw new ShapeError(
        `random.categorical: shape ${showShape(target)} must end in ${showShape(base)}, the shape of logits without axis ${at}.`,
      );
    }
    // The class axis keeps its place, counted from the end.
    const fromEnd = given.ndim - at;
    const wide = [...target];
    wide.splice(target.length + 1 - fromEnd, 0, given.shape[at]);
    const noise = gumbel(key, wide, { dtype: given.dtype });
    return argmax(lax.add(noise, broadcastValue('random.categorical', given, wide)) as Tensor, { axis: -fromEnd });
  });
}

/** Throws `ArgumentError` where no class can be drawn, of logits that can be seen. */
function checkPossible(logits: TensorLike, shape: Shape, axis: number): void {
  const elements = elementsOf(logits);
  if (!elements) return;
  const step = sizeOf(shape.slice(axis + 1));
  const possible = new Uint8Array(elements.length / Math.max(shape[axis], 1));
  for (let i = 0; i < elements.length; i++) {
    if (elements[i] > Number.NEGATIVE_INFINITY) possible[Math.floor(i / (step * shape[axis])) * step + (i % step)] = 1;
  }
  if (elements.length > 0 && possible.includes(0))
    throw new ArgumentError(
      'random.categorical: expected a class of logit above -Infinity, got only -Infinity along the axis of classes.',
    );
}

/** Up to this span the remainder of 64 random bits can be taken in 32-bit arithmetic. */
const SMALL_SPAN = 2 ** 16;

/**
 * Integers (i32) in [minval, maxval), each equally likely up to one part in 2³². For spans up to 2¹⁶ they are
 * those of `jax.random.randint`.
 * @throws ArgumentError unless both are integers of 32 bits and minval < maxval.
 */
export function randint(key: Key, shape: Shape, minval: number, maxval: number): Tensor {
  if (
    !Number.isInteger(minval) ||
    !Number.isInteger(maxval) ||
    minval >= maxval ||
    minval < -(2 ** 31) ||
    maxval > 2 ** 31
  ) {
    throw new ArgumentError(`random.randint: expected 32-bit integers minval < maxval, got ${minval} and ${maxval}.`);
  }
  return composite('random.randint', () => {
    const [first, second] = split(key);
    const high = bits(first, shape);
    const low = bits(second, shape);
    const offset = reduceToSpan(high, low, maxval - minval);
    return lax.add(lax.bitcast(offset, 'i32'), minval);
  });
}

/** 64 random bits, `high` and `low`, brought to 0 … span - 1: by remainder for small spans, else by scaling. */
function reduceToSpan(high: Value, low: Value, span: number): Value {
  if (span === 2 ** 32) return low;
  if (span <= SMALL_SPAN) {
    const shifted = lax.mul(lax.rem(high, span), 2 ** 32 % span);
    return lax.rem(lax.add(shifted, lax.rem(low, span)), span);
  }
  // floor((2³² high + low) · span / 2⁶⁴), with the carry of the lower product.
  const below = lax.mul(high, span);
  const carried = lax.add(below, mulHigh(low, span));
  return lax.add(mulHigh(high, span), lax.cast(lax.lt(carried, below), 'u32'));
}

/** The upper 32 bits of x · factor, from products of 16-bit halves. */
function mulHigh(x: Value, factor: number): Value {
  const [xLow, xHigh] = [lax.and(x, 0xffff), lax.shiftRight(x, 16)];
  const [fLow, fHigh] = [factor & 0xffff, factor >>> 16];
  const middle = lax.add(lax.mul(xHigh, fLow), lax.shiftRight(lax.mul(xLow, fLow), 16));
  const other = lax.add(lax.mul(xLow, fHigh), lax.and(middle, 0xffff));
  return lax.add(lax.add(lax.mul(xHigh, fHigh), lax.shiftRight(middle, 16)), lax.shiftRight(other, 16));
}

/** Rounds of sorting by 32 random bits after which equal keys no longer matter: 3 log n / log 2³². */
const shuffleRounds = (count: number): number => Math.ceil((3 * Math.log(Math.max(1, count))) / Math.log(2 ** 32 - 1));

/** 0, 1, …, count - 1 in random order, as i32. */
function shuffledIndices(key: Key, count: number): Tensor {
  let order = lax.iota([count], 0, 'i32');
  let current = key;
  for (let round = shuffleRounds(count); round > 0; round--) {
    const [next, mine] = split(current);
    [, order] = lax.sort([bits(mine, [count]), order], 1);
    current = next;
  }
  return order as Tensor;
}

/** A random order of 0, …, x - 1 (for a number), or of the slices of a tensor along `axis`. */
export function permutation(key: Key, x: number | Tensor, options: { readonly axis?: number } = {}): Tensor {
  const { axis = 0 } = checkedOptions('random.permutation', options, ['axis']);
  return composite('random.permutation', () => {
    if (isTensor(x))
      return take(x, shuffledIndices(key, x.shape[normalizeAxis('random.permutation', axis, x.ndim)]), { axis });
    if (!Number.isInteger(x) || x < 0)
      throw new ArgumentError(`random.permutation: expected a count of at least 0 or a tensor, got ${x}.`);
    return shuffledIndices(key, x);
  });
}

export interface ChoiceOptions {
  /** Whether one element may be drawn more than once (default true). */
  readonly replace?: boolean;
  /** Weights of the elements, to which their probabilities are proportional; equal when left out. */
  readonly p?: TensorLike;
  readonly axis?: number;
}

/**
 * Random elements of 0, …, x - 1 (for a number), or slices of a tensor along `axis`. With `p` they are drawn at 2²³ levels
 * of its cumulative sum in f32 (2⁵² in f64); without replacement, by the largest `log p` + Gumbel noise.
 * @throws ArgumentError when more are asked for than there are (or than have p > 0), without replacement, and for p that are
 * negative, NaN, infinite or all 0, as NumPy does. In a trace p cannot be seen: there, as in JAX, such p give elements
 * that mean nothing.
 */
export function choice(key: Key, x: number | Tensor, shape: Shape = [], options: ChoiceOptions = {}): Tensor {
  const { replace = true, p, axis = 0 } = checkedOptions('random.choice', options, ['replace', 'p', 'axis']);
  checkShape('random.choice', shape);
  return composite('random.choice', () => {
    const count = isTensor(x) ? x.shape[normalizeAxis('random.choice', axis, x.ndim)] : x;
    const wanted = sizeOf(shape);
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(`random.choice: expected at least one element to choose from, got ${count}.`);
    if (!replace && wanted > count) {
      throw new ArgumentError(
        `random.choice: ${wanted} draws without replacement from ${count} elements. Draw fewer, or set replace.`,
      );
    }
    const indices = chooseIndices(key, count, shape, replace, p);
    return isTensor(x) ? take(x, indices, { axis }) : indices;
  });
}

/** Throws `ArgumentError` unless `wanted` of the weights, where they can be seen, are not 0. */
function checkWeights(p: TensorLike, wanted: number): void {
  checkedElements('random.choice', 'p', p, (value) => value >= 0 && value < Number.POSITIVE_INFINITY, 'of at least 0');
  const possible = Array.from(elementsOf(p) ?? []).filter((value) => value > 0).length;
  if (elementsOf(p) === undefined || possible >= wanted) return;
  throw new ArgumentError(
    wanted === 1
      ? 'random.choice: expected p with an element above 0, got only zeros.'
      : `random.choice: ${wanted} draws without replacement, but only ${possible} elements have p > 0. Draw fewer, or set replace.`,
  );
}

function chooseIndices(key: Key, count: number, shape: Shape, replace: boolean, p: TensorLike | undefined): Tensor {
  const wanted = sizeOf(shape);
  if (p === undefined) {
    if (replace) return randint(key, shape, 0, count);
    return slice(shuffledIndices(key, count), [0, wanted]).reshape(shape);
  }
  const weights = asFloat(asTensor(p, placeOfKey(key)));
  if (weights.ndim !== 1 || weights.shape[0] !== count) {
    throw new ShapeError(
      `random.choice: p must be a vector of ${count} probabilities, got shape ${showShape(weights.shape)}.`,
    );
  }
  checkWeights(p, replace ? 1 : wanted);
  if (replace) {
    const cumulative = cumsum(weights);
    const level = lax.sub(1, uniform(key, shape, { dtype: weights.dtype }));
    const total = lax.broadcastInDim(slice(cumulative, -1), shape, []);
    return searchsorted(cumulative, lax.mul(total, level) as Tensor);
  }
  const scores = lax.add(gumbel(key, [count], { dtype: weights.dtype }), lax.log(weights)) as Tensor;
  return topK(scores, wanted).indices.reshape(shape);
}
