import { checkedList } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import {
  broadcastShapes,
  normalizeAxes,
  normalizeAxis,
  range,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Axes, TensorLike } from '../tensor/types.ts';
import { composite, composites } from './composite.ts';
import { asTensor, asTensors, broadcastValue } from './operands.ts';

/** `shape` with its one -1 replaced by the extent that keeps the size. */
function resolveShape(from: Shape, shape: Shape): number[] {
  const holes = shape.filter((extent) => extent === -1).length;
  const known = sizeOf(shape.filter((extent) => extent !== -1));
  const size = sizeOf(from);
  const resolved = shape.map((extent) => (extent === -1 ? size / known : extent));
  const valid = resolved.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (holes > 1 || !valid || sizeOf(resolved) !== size) {
    throw new ShapeError(
      `reshape: shape ${showShape(from)} of ${size} elements does not fit into ${showShape(shape)}. ` +
        'Give extents with the same product, at most one of them -1.',
    );
  }
  return resolved;
}

/** The same elements in row-major order under another shape; one extent may be -1. */
export function reshape(x: TensorLike, shape: number | Shape): Tensor {
  return composite('reshape', () => {
    const value = asTensor(x);
    const target = resolveShape(
      value.shape,
      typeof shape === 'number' ? [shape] : checkedList('reshape', 'the shape', shape),
    );
    return sameShape(target, value.shape) ? value : lax.reshape(value, target);
  });
}

/** The elements in one axis. */
export const ravel = (x: TensorLike): Tensor => reshape(x, [-1]);

/** The axes from `start` to `end` (both included, negative from the back) made one. */
export function flatten(x: TensorLike, start = 0, end = -1): Tensor {
  return composite('flatten', () => {
    const value = asTensor(x);
    if (value.ndim === 0) return lax.reshape(value, [1]);
    const first = normalizeAxis('flatten', start, value.ndim);
    const last = normalizeAxis('flatten', end, value.ndim);
    if (last < first) throw new ArgumentError(`flatten: the last axis ${end} lies before the first, ${start}.`);
    const { shape } = value;
    return reshape(value, [...shape.slice(0, first), sizeOf(shape.slice(first, last + 1)), ...shape.slice(last + 1)]);
  });
}

/** A copy-free reorder of axes, without a no-op. */
export const permute = (x: Tensor, permutation: readonly number[]): Tensor =>
  permutation.every((axis, i) => axis === i) ? x : (lax.transpose(x, permutation) as Tensor);

/** Axis i of the result is axis `permutation[i]` of x; all axes reversed when left out. */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  return composite('transpose', () => {
    const value = asTensor(x);
    const axes = checkedList('transpose', 'the permutation', permutation ?? range(0, value.ndim).reverse()).map(
      (axis) => normalizeAxis('transpose', axis, value.ndim),
    );
    if (axes.length !== value.ndim || new Set(axes).size !== value.ndim) {
      throw new ArgumentError(
        `transpose: [${axes.join(', ')}] is not a permutation of the ${value.ndim} axes. Name each axis once.`,
      );
    }
    return permute(value, axes);
  });
}

/** The axes `from` moved to the positions `to`; the others keep their order. */
export function moveaxis(x: TensorLike, from: Axes, to: Axes): Tensor {
  return composite('moveaxis', () => {
    const value = asTensor(x);
    const list = (axes: Axes): number[] =>
      (typeof axes === 'number' ? [axes] : checkedList('moveaxis', 'axes', axes)).map((axis) =>
        normalizeAxis('moveaxis', axis, value.ndim),
      );
    const sources = list(from);
    const targets = list(to);
    if (
      sources.length !== targets.length ||
      new Set(sources).size !== sources.length ||
      new Set(targets).size !== targets.length
    ) {
      throw new ArgumentError(
        `moveaxis: expected as many distinct targets as sources, got ${sources.join(', ')} to ${targets.join(', ')}.`,
      );
    }
    const rest = range(0, value.ndim).filter((axis) => !sources.includes(axis));
    const permutation = range(0, value.ndim).map((position) => {
      const moved = targets.indexOf(position);
      return moved >= 0 ? sources[moved] : (rest.shift() as number);
    });
    return permute(value, permutation);
  });
}

/** The axes `a` and `b` exchanged. */
export function swapaxes(x: TensorLike, a: number, b: number): Tensor {
  return composite('swapaxes', () => {
    const value = asTensor(x);
    const permutation = range(0, value.ndim);
    const i = normalizeAxis('swapaxes', a, value.ndim);
    const j = normalizeAxis('swapaxes', b, value.ndim);
    [permutation[i], permutation[j]] = [j, i];
    return permute(value, permutation);
  });
}

/** The last two axes exchanged: the transposes of a batch of matrices. */
export const matrixTranspose = (x: TensorLike): Tensor => composite('matrixTranspose', () => swapaxes(x, -1, -2));

/** x repeated along axes of extent 1, or along new leading axes, to `shape`. No copy is made. */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  return composite('broadcastTo', () => broadcastValue('broadcastTo', asTensor(x), shape));
}

/** Tensors broadcast against each other to one shape. */
export function broadcastArrays(...xs: readonly TensorLike[]): Tensor[] {
  return composites('broadcastArrays', () => {
    const values = asTensors(xs);
    const shape = broadcastShapes('broadcastArrays', ...values.map((value) => value.shape));
    return values.map((value) => broadcastValue('broadcastArrays', value, shape));
  });
}

/** New axes of extent 1 at the positions `axis` of the result. */
export function expandDims(x: TensorLike, axis: Axes): Tensor {
  return composite('expandDims', () => {
    const value = asTensor(x);
    const count = typeof axis === 'number' ? 1 : checkedList('expandDims', 'axes', axis).length;
    const added = normalizeAxes('expandDims', axis, value.ndim + count);
    const old = [...value.shape];
    return reshape(
      value,
      range(0, value.ndim + count).map((i) => (added.includes(i) ? 1 : (old.shift() as number))),
    );
  });
}

/** x without its axes of extent 1: all of them, or those in `axis`. */
export function squeeze(x: TensorLike, axis?: Axes): Tensor {
  return composite('squeeze', () => {
    const value = asTensor(x);
    const axes =
      axis === undefined
        ? range(0, value.ndim).filter((i) => value.shape[i] === 1)
        : normalizeAxes('squeeze', axis, value.ndim);
    for (const i of axes) {
      if (value.shape[i] !== 1) {
        throw new ShapeError(
          `squeeze: axis ${i} of shape ${showShape(value.shape)} has extent ${value.shape[i]}; only extent 1 can go. Index it or reduce it.`,
        );
      }
    }
    return reshape(
      value,
      value.shape.filter((_, i) => !axes.includes(i)),
    );
  });
}

/** x in reversed order along `axis` (all axes by default). */
export function flip(x: TensorLike, axis?: Axes): Tensor {
  return composite('flip', () => {
    const value = asTensor(x);
    const axes = normalizeAxes('flip', axis, value.ndim);
    return axes.length === 0 ? value : lax.rev(value, axes);
  });
}
