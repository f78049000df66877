import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { vectorNorm } from '../primitives/vectorNorm.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxes, normalizeAxis, type Shape, sizeOf, withoutAxes } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ArgReduceOptions, NormOptions, ReduceOptions, TensorLike, VarianceOptions } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asFloat, asNumber, asTensor, castTo } from './operands.ts';

/** `shape` with extent 1 at the reduced axes. */
export const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((extent, i) => (axes.includes(i) ? 1 : extent));

function reduce(
  name: string,
  x: Tensor,
  options: ReduceOptions,
  apply: (x: Tensor, axes: readonly number[]) => Value,
): Value {
  const { axis, keepDims = false } = checkedOptions(name, options, ['axis', 'keepDims']);
  const axes = normalizeAxes(name, axis, x.ndim);
  if (axes.length === 0) return x;
  const result = apply(x, axes);
  return keepDims ? lax.reshape(result, keptShape(x.shape, axes)) : result;
}

/** Throws `ArgumentError` where a reduction that has no value for nothing meets an empty axis. */
function checkNotEmpty(name: string, x: Tensor, axes: readonly number[]): void {
  if (axes.some((axis) => x.shape[axis] === 0)) {
    throw new ArgumentError(
      `${name}: axis ${axes.join(', ')} of shape [${x.shape.join(', ')}] is empty, and ${name} of nothing has no value. Reduce other axes, or leave empty tensors out.`,
    );
  }
}

/** The sum over `axis` (all axes by default). Booleans are counted in i32. */
export function sum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('sum', () => reduce('sum', asNumber(x), options, lax.reduceSum));
}

/** The product over `axis`; 1 for an empty axis. */
export function prod(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('prod', () => reduce('prod', asNumber(x), options, lax.reduceProd));
}

/** The largest element over `axis`; NaN if any is NaN. Ties share the derivative equally. */
export function max(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('max', () => {
    const given = asTensor(x);
    const found = reduce('max', asNumber(given), options, (value, axes) => {
      checkNotEmpty('max', value, axes);
      return lax.reduceMax(value, axes);
    });
    return castTo(found, given.dtype);
  });
}

/** The smallest element over `axis`; NaN if any is NaN. Ties share the derivative equally. */
export function min(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('min', () => {
    const given = asTensor(x);
    const found = reduce('min', asNumber(given), options, (value, axes) => {
      checkNotEmpty('min', value, axes);
      return lax.reduceMin(value, axes);
    });
    return castTo(found, given.dtype);
  });
}

/** The mean over `axis`; integers become f32. Throws `ArgumentError` for an empty axis. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('mean', () =>
    reduce('mean', asFloat(x), options, (value, axes) => {
      checkNotEmpty('mean', value, axes);
      return lax.div(lax.reduceSum(value, axes), countOf(value, axes));
    }),
  );
}

const countOf = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map((axis) => x.shape[axis]));

/** x - mean over the axes of a variance, and the number that its sum of squares is divided by. */
function centered(name: string, x: TensorLike, options: VarianceOptions) {
  const { axis, keepDims = false, ddof = 0 } = checkedOptions(name, options, ['axis', 'keepDims', 'ddof']);
  const value = asFloat(x);
  const axes = normalizeAxes(name, axis, value.ndim);
  const count = countOf(value, axes);
  if (!(count > ddof)) {
    throw new ArgumentError(
      `${name}: ${count} elements with ddof ${ddof} leave nothing to divide by. Give more than ${ddof} elements.`,
    );
  }
  return { rest: value.sub(mean(value, { axis: axes, keepDims: true })), axes, keepDims, divisor: count - ddof };
}

/** The mean of (x - mean)² over `axis`, in two passes. Throws `ArgumentError` unless n > ddof. */
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  return composite('variance', () => {
    const { rest, axes, keepDims, divisor } = centered('variance', x, options);
    return lax.div(sum(lax.mul(rest, rest) as Tensor, { axis: axes, keepDims }), divisor);
  });
}

/**
 * The square root of `variance`, also where the variance itself is too large or too small for the dtype; its derivative is 0
 * where all elements are equal.
 */
export function std(x: TensorLike, options: VarianceOptions = {}): Tensor {
  return composite('std', () => {
    const { rest, axes, keepDims, divisor } = centered('std', x, options);
    return vectorNorm(rest, axes, keepDims, divisor);
  });
}

/**
 * The vector p-norm over `axis` (all axes by default), without overflow on the way. The derivative at 0 is 0, a
 * subgradient; that of the square of the 2-norm is 2x everywhere.
 * @throws ArgumentError unless ord > 0.
 */
export function norm(x: TensorLike, given: NormOptions = {}): Tensor {
  const { ord = 2, ...options } = checkedOptions('norm', given, ['ord', 'axis', 'keepDims']);
  if (!(typeof ord === 'number' && ord > 0))
    throw new ArgumentError(`norm: ord must be positive (1, 2, Infinity, …), got ${ord}.`);
  return composite('norm', () => {
    const value = asFloat(x);
    if (ord === 2) {
      const axes = normalizeAxes('norm', options.axis, value.ndim);
      return vectorNorm(value, axes, options.keepDims ?? false);
    }
    const size = lax.abs(value) as Tensor;
    if (ord === 1) return sum(size, options);
    if (ord === Number.POSITIVE_INFINITY) return max(size, options);
    return powerNorm(size, ord, options);
  });
}

/** (Σ sizeᵖ)^(1/p), with sizes relative to the largest of them, through which no derivative flows. */
function powerNorm(size: Tensor, ord: number, { axis, keepDims = false }: ReduceOptions): Value {
  const kept = { axis, keepDims: true };
  if (size.size === 0) return lax.pow(sum(size, { axis, keepDims }), 1 / ord);
  const top = lax.stopGradient(max(size, kept));
  const scale = lax.select(lax.and(lax.gt(top, 0), lax.isFinite(top)), top, 1) as Tensor;
  // A power of 0 has the derivative 0 here, whatever p is.
  const none = lax.eq(size, 0);
  const terms = lax.pow(lax.select(none, 1, size.div(scale)), ord);
  const total = sum(lax.select(none, 0, terms) as Tensor, kept);
  const zero = lax.eq(total, 0);
  const root = lax.pow(lax.select(zero, 1, total), 1 / ord);
  const result = lax.select(zero, 0, lax.mul(root, scale));
  return keepDims ? result : lax.reshape(result, withoutAxes(size.shape, normalizeAxes('norm', axis, size.ndim)));
}

const truth = (x: TensorLike): Tensor => {
  const value = asTensor(x);
  return value.dtype === 'bool' ? value : (lax.ne(value, 0) as Tensor);
};

/** Whether any element over `axis` is not 0. */
export function any(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('any', () =>
    castTo(
      reduce('any', castTo(truth(x), 'i32'), options, (value, axes) => lax.ne(lax.reduceSum(value, axes), 0)),
      'bool',
    ),
  );
}

/** Whether all elements over `axis` are not 0. */
export function all(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return composite('all', () => {
    const absent = castTo(lax.not(truth(x)), 'i32');
    return lax.not(
      castTo(
        reduce('all', absent, options, (value, axes) => lax.ne(lax.reduceSum(value, axes), 0)),
        'bool',
      ),
    );
  });
}

/** The number of elements over `axis` that are not 0, as i32. */
export const countNonzero = (x: TensorLike, options: ReduceOptions = {}): Tensor =>
  composite('countNonzero', () => sum(truth(x), options));

function argReduce(name: string, x: TensorLike, options: ArgReduceOptions, apply: typeof lax.argMax): Tensor {
  return composite(name, () => {
    checkedOptions(name, options, ['axis', 'keepDims']);
    const value = asNumber(x);
    const flat = options.axis === undefined ? (lax.reshape(value, [value.size]) as Tensor) : value;
    const axis = options.axis === undefined ? 0 : normalizeAxis(name, options.axis, value.ndim);
    checkNotEmpty(name, flat, [axis]);
    const result = apply(flat, axis);
    if (!options.keepDims) return result;
    return lax.reshape(result, options.axis === undefined ? value.shape.map(() => 1) : keptShape(value.shape, [axis]));
  });
}

/** The index (i32) of the first largest element along `axis`, or in the flattened tensor. A NaN wins. */
export const argmax = (x: TensorLike, options: ArgReduceOptions = {}): Tensor =>
  argReduce('argmax', x, options, lax.argMax);

/** The index (i32) of the first smallest element along `axis`, or in the flattened tensor. A NaN wins. */
export const argmin = (x: TensorLike, options: ArgReduceOptions = {}): Tensor =>
  argReduce('argmin', x, options, lax.argMin);
