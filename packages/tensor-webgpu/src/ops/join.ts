import { checkChoice, checkedList, checkedOptions, checkedWhole, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { normalizeAxis, sameShape, showShape, sizeOf, withoutAxes } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Axes, TensorLike } from '../tensor/types.ts';
import { composite, composites } from './composite.ts';
import { asTensor, asTensors, commonType, inType } from './operands.ts';
import { expandDims, permute, reshape } from './reshape.ts';
import { sliceAxis } from './slice.ts';

function sameType(op: string, xs: readonly TensorLike[]): Tensor[] {
  checkedList(op, 'the tensors', xs);
  if (xs.length === 0) throw new ArgumentError(`${op}: expected at least one tensor, got none.`);
  const values = asTensors(xs);
  return inType(op, xs, values, commonType(xs, values));
}

/** Tensors one after the other along `axis`; their other extents agree. */
export function concat(xs: readonly TensorLike[], axis = 0): Tensor {
  return composite('concat', () => {
    const values = sameType('concat', xs);
    const at = normalizeAxis('concat', axis, values[0].ndim);
    for (const value of values) {
      if (
        value.ndim !== values[0].ndim ||
        !sameShape(withoutAxes(value.shape, [at]), withoutAxes(values[0].shape, [at]))
      ) {
        throw new ShapeError(
          `concat: shapes ${values.map((v) => showShape(v.shape)).join(', ')} must agree in every axis but ${at}. Reshape or pad them first.`,
        );
      }
    }
    return values.length === 1 ? values[0] : lax.concat(values, at);
  });
}

/** Tensors of one shape along a new axis at position `axis`. */
export function stack(xs: readonly TensorLike[], axis = 0): Tensor {
  return composite('stack', () => {
    const values = sameType('stack', xs);
    for (const value of values) {
      if (!sameShape(value.shape, values[0].shape)) {
        throw new ShapeError(
          `stack: shapes ${values.map((v) => showShape(v.shape)).join(', ')} must be equal. Use concat to join along an existing axis.`,
        );
      }
    }
    const at = normalizeAxis('stack', axis, values[0].ndim + 1);
    return concat(
      values.map((value) => expandDims(value, at)),
      at,
    );
  });
}

/**
 * x cut along `axis`: into `parts` equal pieces, or into pieces of the given lengths.
 * @throws ArgumentError when the pieces do not make up the axis.
 */
export function split(x: TensorLike, parts: number | readonly number[], axis = 0): Tensor[] {
  return composites('split', () => {
    const value = asTensor(x);
    const at = normalizeAxis('split', axis, value.ndim);
    const extent = value.shape[at];
    const lengths =
      typeof parts === 'number'
        ? new Array<number>(Number.isInteger(parts) ? Math.min(Math.max(1, parts), extent + 1) : 1).fill(extent / parts)
        : checkedList('split', 'the lengths', parts);
    const valid = lengths.every((length) => Number.isInteger(length) && length >= 0);
    if (!valid || lengths.reduce((a, b) => a + b, 0) !== extent) {
      throw new ArgumentError(
        `split: extent ${extent} of axis ${at} cannot be cut into ${typeof parts === 'number' ? `${parts} equal parts` : `parts ${parts.join(', ')}`}.`,
      );
    }
    let start = 0;
    return lengths.map((length) => {
      start += length;
      return sliceAxis(value, at, start - length, start);
    });
  });
}

/** x repeated `counts[i]` times along axis i; missing counts are 1 for the leading axes. */
export function tile(x: TensorLike, counts: number | readonly number[]): Tensor {
  return composite('tile', () => {
    const value = asTensor(x);
    const list = typeof counts === 'number' ? [counts] : checkedList('tile', 'counts', counts);
    if (!list.every((count) => Number.isInteger(count) && count >= 0)) {
      throw new ArgumentError(`tile: counts must be integers of at least 0, got ${list.join(', ')}.`);
    }
    const rank = Math.max(value.ndim, list.length);
    const shape = [...new Array<number>(rank - value.ndim).fill(1), ...value.shape];
    const times = [...new Array<number>(rank - list.length).fill(1), ...list];
    if (times.every((count) => count === 1)) return reshape(value, shape);
    const repeated = lax.broadcastInDim(
      value,
      shape.flatMap((extent, i) => [times[i], extent]),
      value.shape.map((_, i) => 2 * (rank - value.ndim + i) + 1),
    );
    return lax.reshape(
      repeated,
      shape.map((extent, i) => extent * times[i]),
    );
  });
}

/** Each element of x repeated `count` times along `axis` (in the flattened tensor when left out). */
export function repeat(x: TensorLike, count: number, axis?: number): Tensor {
  checkedWhole('repeat: count', count, 0);
  return composite('repeat', () => {
    const given = asTensor(x);
    const value = axis === undefined ? reshape(given, [-1]) : given;
    const at = axis === undefined ? 0 : normalizeAxis('repeat', axis, value.ndim);
    const { shape } = value;
    const wide = [...shape.slice(0, at + 1), count, ...shape.slice(at + 1)];
    const repeated = lax.broadcastInDim(
      value,
      wide,
      shape.map((_, i) => (i <= at ? i : i + 1)),
    );
    return lax.reshape(
      repeated,
      shape.map((extent, i) => (i === at ? extent * count : extent)),
    );
  });
}

/**
 * x shifted by `shift` places along `axis`, with what leaves at one end coming in at the other (flattened when left out).
 * Several axes are shifted by one shift for all of them, or by one each; shifts of an axis named twice add up.
 * @throws ArgumentError unless shifts are integers, one or as many as axes.
 */
export function roll(x: TensorLike, shift: Axes, axis?: Axes): Tensor {
  const shifts = typeof shift === 'number' ? [shift] : checkedList('roll', 'several shifts', shift);
  for (const places of shifts)
    if (!Number.isInteger(places)) throw new ArgumentError(`roll: shift must be an integer, got ${describe(places)}.`);
  return composite('roll', () => {
    const value = asTensor(x);
    if (axis === undefined) {
      const total = shifts.reduce((sum, places) => sum + places, 0);
      return reshape(rollAxis(reshape(value, [-1]), total, 0), value.shape);
    }
    const axes = typeof axis === 'number' ? [axis] : checkedList('roll', 'several axes', axis);
    if (shifts.length !== 1 && axes.length !== 1 && shifts.length !== axes.length) {
      throw new ArgumentError(
        `roll: expected one shift, or one for each axis, got ${shifts.length} shifts for ${axes.length} axes.`,
      );
    }
    let result = value;
    for (let i = 0; i < Math.max(shifts.length, axes.length); i++) {
      const at = normalizeAxis('roll', axes[axes.length === 1 ? 0 : i], value.ndim);
      result = rollAxis(result, shifts[shifts.length === 1 ? 0 : i], at);
    }
    return result;
  });
}

function rollAxis(x: Tensor, shift: number, axis: number): Tensor {
  const extent = x.shape[axis];
  const places = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  if (places === 0) return x;
  return lax.concat(
    [sliceAxis(x, axis, extent - places, extent), sliceAxis(x, axis, 0, extent - places)],
    axis,
  ) as Tensor;
}

/** Coordinate grids: output i varies along its own axis. `indexing: 'xy'` swaps the first two axes, as for images. */
export function meshgrid(axes: readonly TensorLike[], options: { readonly indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  const { indexing = 'ij' } = checkedOptions('meshgrid', options, ['indexing']);
  return composites('meshgrid', () => {
    checkedList('meshgrid', 'the axes', axes);
    const values = asTensors(axes);
    for (const value of values) {
      if (value.ndim !== 1)
        throw new ShapeError(`meshgrid: expected tensors of rank 1, got shape ${showShape(value.shape)}.`);
    }
    const shape = values.map((value) => sizeOf(value.shape));
    const grids = values.map((value, i) => lax.broadcastInDim(value, shape, [i]) as Tensor);
    checkChoice('meshgrid', 'indexing', indexing, ['ij', 'xy']);
    if (indexing === 'ij' || values.length < 2) return grids;
    return grids.map((grid) => permute(grid, [1, 0, ...shape.slice(2).map((_, i) => i + 2)]));
  });
}
