import { checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { broadcastShapes, normalizeAxis, range, type Shape, sameShape, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asTensors, broadcastValue, commonType, inType } from './operands.ts';
import { matrixTranspose, reshape } from './reshape.ts';

/** Operands of a contraction in one numeric dtype. */
export function contractionOperands(xs: readonly TensorLike[]): Tensor[] {
  const values = asTensors(xs);
  const dtype = commonType(xs, values);
  return inType('contraction', xs, values, dtype === 'bool' ? 'i32' : dtype);
}

export interface DotDimensions {
  /** Axes of x and of y that are summed over, pair by pair. */
  readonly contract: readonly [readonly number[], readonly number[]];
  /** Axes of x and of y that run together. */
  readonly batch?: readonly [readonly number[], readonly number[]];
}

/** Σ x · y over the contracted axes; the result has the batch axes, the free axes of x, then those of y. */
export function dotGeneral(x: TensorLike, y: TensorLike, dimensions: DotDimensions): Tensor {
  const { contract, batch = [[], []] } = checkedOptions('dotGeneral', dimensions, ['contract', 'batch']);
  for (const pair of [contract, batch]) axisLists('dotGeneral', pair);
  return composite('dotGeneral', () => {
    const [a, b] = contractionOperands([x, y]);
    const axes = (list: readonly number[], value: Tensor): number[] =>
      list.map((axis) => normalizeAxis('dotGeneral', axis, value.ndim));
    return lax.dotGeneral(a, b, {
      contract: [axes(contract[0], a), axes(contract[1], b)],
      batch: [axes(batch[0], a), axes(batch[1], b)],
    });
  });
}

/** Throws `ArgumentError` unless `pair` is two lists of axes, one for each operand. */
function axisLists(op: string, pair: readonly (readonly number[])[]): void {
  if (Array.isArray(pair) && pair.length === 2 && pair.every(Array.isArray)) return;
  throw new ArgumentError(
    `${op}: expected axes as two lists [[…], […]], got ${describe(pair)}. Give one list for each operand.`,
  );
}

function checkInner(op: string, a: Tensor, b: Tensor, i: number, j: number): void {
  if (a.ndim === 0 || b.ndim === 0 || a.shape[i] !== b.shape[j]) {
    throw new ShapeError(
      `${op}: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not fit: ${
        a.ndim === 0 || b.ndim === 0
          ? 'both operands need at least one axis'
          : `the inner extents ${a.shape[i]} and ${b.shape[j]} differ`
      }. Transpose or reshape an operand.`,
    );
  }
}

/**
 * The matrix product over the last two axes, with leading axes broadcast; operands of rank 1 count as a row
 * on the left and as a column on the right, and that axis goes from the result (NumPy's `@`).
 */
export function matmul(x: TensorLike, y: TensorLike): Tensor {
  return composite('matmul', () => {
    const [a, b] = contractionOperands([x, y]);
    const inner = Math.max(0, b.ndim - 2);
    checkInner('matmul', a, b, a.ndim - 1, inner);
    // Without batch axes on the right, every leading axis of the left is just a row.
    if (b.ndim <= 2) return lax.dotGeneral(a, b, { contract: [[a.ndim - 1], [inner]], batch: [[], []] });
    if (a.ndim === 1) return lax.dotGeneral(b, a, { contract: [[inner], [0]], batch: [[], []] });
    if (a.ndim === 2)
      return matrixTranspose(lax.dotGeneral(b, a, { contract: [[inner], [1]], batch: [[], []] }) as Tensor);
    return batchedMatmul(a, b);
  });
}

function batchedMatmul(a: Tensor, b: Tensor): Tensor {
  const lead = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = broadcastValue('matmul', a, [...lead, ...a.shape.slice(-2)]);
  const right = broadcastValue('matmul', b, [...lead, ...b.shape.slice(-2)]);
  const batch = range(0, lead.length);
  const rank = lead.length;
  return lax.dotGeneral(left, right, { contract: [[rank + 1], [rank]], batch: [batch, batch] }) as Tensor;
}

/** Σ over the last axis of x and the last but one of y (the last of a vector); a scalar multiplies (NumPy's `dot`). */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  return composite('dot', () => {
    const [a, b] = contractionOperands([x, y]);
    if (a.ndim === 0 || b.ndim === 0) return a.mul(b);
    const inner = Math.max(0, b.ndim - 2);
    checkInner('dot', a, b, a.ndim - 1, inner);
    return lax.dotGeneral(a, b, { contract: [[a.ndim - 1], [inner]], batch: [[], []] });
  });
}

/** out[i…, j…] = x[i…] · y[j…]: all products of the elements of x and of y. */
export function outer(x: TensorLike, y: TensorLike): Tensor {
  return composite('outer', () => {
    const [a, b] = contractionOperands([x, y]);
    return reshape(a, [...a.shape, ...b.shape.map(() => 1)]).mul(b);
  });
}

/** The Kronecker product of matrices (or vectors): blocks x[i, j] · y. */
export function kron(x: TensorLike, y: TensorLike): Tensor {
  return composite('kron', () => {
    const [a, b] = contractionOperands([x, y]);
    if (a.ndim !== b.ndim)
      throw new ShapeError(
        `kron: shapes ${showShape(a.shape)} and ${showShape(b.shape)} must have one rank. Reshape one.`,
      );
    const left = reshape(
      a,
      a.shape.flatMap((extent) => [extent, 1]),
    );
    const right = reshape(
      b,
      b.shape.flatMap((extent) => [1, extent]),
    );
    return reshape(
      left.mul(right),
      a.shape.map((extent, i) => extent * b.shape[i]),
    );
  });
}

/** Σ x · y along `axis` (the last by default), with the other axes broadcast. */
export function vecdot(x: TensorLike, y: TensorLike, axis = -1): Tensor {
  return composite('vecdot', () => {
    const [a, b] = contractionOperands([x, y]);
    return a.mul(b).sum({ axis });
  });
}

/**
 * Σ over the last `axes` axes of x and the first of y, or over the listed axes of each.
 * @throws ShapeError when the contracted extents differ.
 */
export function tensordot(
  x: TensorLike,
  y: TensorLike,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  return composite('tensordot', () => {
    const [a, b] = contractionOperands([x, y]);
    if (typeof axes !== 'number') axisLists('tensordot', axes);
    else if (!Number.isInteger(axes) || axes < 0)
      throw new ArgumentError(
        `tensordot: expected a count of axes of at least 0, got ${axes}. Give a whole number or two lists.`,
      );
    const count = typeof axes === 'number' ? axes : axes[0].length;
    if (count > Math.min(a.ndim, b.ndim)) {
      throw new ArgumentError(
        `tensordot: ${count} axes are more than shapes ${showShape(a.shape)} and ${showShape(b.shape)} have.`,
      );
    }
    const [left, right] = typeof axes === 'number' ? [range(a.ndim - count, a.ndim), range(0, count)] : axes;
    const extents = (value: Tensor, list: readonly number[]): Shape =>
      list.map((axis) => value.shape[normalizeAxis('tensordot', axis, value.ndim)]);
    if (!sameShape(extents(a, left), extents(b, right))) {
      throw new ShapeError(
        `tensordot: axes ${left.join(', ')} of ${showShape(a.shape)} and ${right.join(', ')} of ${showShape(b.shape)} have different extents.`,
      );
    }
    return dotGeneral(a, b, { contract: [left, right] });
  });
}
