import { checkDType } from '../dtype/dtype.ts';
import { checkedList, checkedOptions, checkedWhole, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { UpdateMode } from '../program/placing.ts';
import type { Value } from '../program/value.ts';
import { checkShape, normalizeAxis, range, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AxisOption, GatherOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { tensor } from './creation.ts';
import { diagonalOffset } from './diagonalOffset.ts';
import { asTensor, asTensors, broadcastValue, castTo, checkInteger, commonType, inType, isTensor } from './operands.ts';
import { moveaxis } from './reshape.ts';

/**
 * Indices as i32 that count from the front. This is the one convention of every function that takes indices or starts:
 * they are integers, negative ones count from the end (-1 is the last place), and what is still out of range reads the
 * nearest end (`take`, `takeAlongAxis`, `gather`, `dynamicSlice`), or writes nothing (`scatter…`, `oneHot`). Indices
 * written down as plain numbers are checked at once: out of range they are an `ArgumentError`.
 */
function indexTensor(op: string, indices: TensorLike, x: Tensor, axis: number): Tensor {
  const extent = x.shape[axis] ?? 0;
  if (isTensor(indices)) return fromFront(checkInteger(op, 'indices', indices), extent);
  const list = ArrayBuffer.isView(indices) ? Array.from(indices) : ([indices].flat(16) as number[]);
  for (const index of list) {
    if (!Number.isInteger(index) || index < -extent || index >= extent) {
      throw new ArgumentError(
        `${op}: index ${String(index)} is out of range for extent ${extent}. Use integers from ${-extent} to ${extent - 1}.`,
      );
    }
  }
  // As integers from the start: an f32 would not hold all of them.
  const values =
    typeof indices === 'number' || typeof indices === 'boolean'
      ? lax.full([], Number(indices), 'i32')
      : tensor(indices, { dtype: 'i32', device: x.device?.name });
  return fromFront(values as Tensor, extent);
}

/** Integers as i32, where negative ones have counted from the end of `extent` places. */
function fromFront(indices: Tensor, extent: number): Tensor {
  // Unsigned numbers too large for i32 are as far out of range as its largest.
  if (indices.dtype === 'u32') return castTo(lax.min(indices, 2 ** 31 - 1), 'i32');
  if (indices.state.kind === 'literal') {
    const { value } = indices.state.literal;
    return lax.full([], value < 0 ? value + extent : value, 'i32') as Tensor;
  }
  return lax.select(lax.lt(indices, 0), lax.add(indices, extent), indices) as Tensor;
}

/** Checks the option `batchDims` of gather and scatter. */
const checkedBatchDims = (op: string, { batchDims = 0 }: GatherOptions): number =>
  checkedWhole(`${op}: batchDims`, batchDims, 0);

/**
 * The slices of x at `indices` along `axis` (default 0): shape of x with that axis replaced by the shape of
 * `indices`. Negative indices count from the end; indices of a tensor that are out of range take the nearest end.
 */
export function take(x: TensorLike, indices: TensorLike, options: AxisOption = {}): Tensor {
  const { axis = 0 } = checkedOptions('take', options, ['axis']);
  return composite('take', () => {
    const value = asTensor(x);
    const at = normalizeAxis('take', axis, value.ndim);
    const index = indexTensor('take', indices, value, at);
    const taken = lax.gather(moveaxis(value, at, 0), index, 0) as Tensor;
    const indexAxes = range(0, index.ndim);
    return at === 0
      ? taken
      : moveaxis(
          taken,
          indexAxes,
          indexAxes.map((i) => at + i),
        );
  });
}

/**
 * out[…, i, …] = x[…, indices[…, i, …], …]: one index for each element of the result along `axis`. Other
 * extents of x and indices agree. Negative and out-of-range indices as in `take`.
 */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis: number): Tensor {
  return composite('takeAlongAxis', () => {
    const [value, given] = asTensors([x, indices]);
    const at = normalizeAxis('takeAlongAxis', axis, value.ndim);
    if (given.ndim !== value.ndim || given.shape.some((extent, i) => i !== at && extent !== value.shape[i])) {
      throw new ShapeError(
        `takeAlongAxis: indices of shape ${showShape(given.shape)} must agree with ${showShape(value.shape)} in every axis but ${at}.`,
      );
    }
    const index = moveaxis(indexTensor('takeAlongAxis', isTensor(indices) ? given : indices, value, at), at, -1);
    const taken = lax.gather(moveaxis(value, at, -1), index, value.ndim - 1) as Tensor;
    return moveaxis(taken, -1, at);
  });
}

/**
 * x [B…, N, R…] and indices [B…, I…] give [B…, I…, R…]: rows of x by number, batch by batch. Negative and out-of-range
 * indices as in `take`.
 */
export function gather(x: TensorLike, indices: TensorLike, options: GatherOptions = {}): Tensor {
  const batchDims = checkedBatchDims('gather', checkedOptions('gather', options, ['batchDims']));
  return composite('gather', () => {
    const value = asTensor(x);
    return lax.gather(value, indexTensor('gather', indices, value, batchDims), batchDims);
  });
}

const scatter =
  (name: string, mode: UpdateMode) =>
  (x: TensorLike, indices: TensorLike, updates: TensorLike, options: GatherOptions = {}): Tensor =>
    composite(name, () => {
      const batchDims = checkedBatchDims(name, checkedOptions(name, options, ['batchDims']));
      const operands = [x, updates];
      const given = asTensors(operands);
      const [value, changes] = inType(name, operands, given, commonType(operands, given));
      const index = indexTensor(name, indices, value, batchDims);
      // Where there are no rows nothing can be written, and no derivative comes back.
      if (value.shape[batchDims] === 0) return value;
      const shape = [...index.shape, ...value.shape.slice(batchDims + 1)];
      return lax.scatter(value, index, broadcastValue(name, changes, shape), { batchDims, mode });
    });

/** x with updates added at rows: x [B…, N, R…], indices [B…, I…], updates [B…, I…, R…] (broadcast). Repeated rows add up. Negative indices count from the end; rows out of range are dropped. */
export const scatterAdd = scatter('scatterAdd', 'add');

/** x with rows replaced by updates; of several updates to one row the last one stays. Indices as in `scatterAdd`. */
export const scatterSet = scatter('scatterSet', 'set');

/** x with rows replaced by the smaller of row and updates. Indices as in `scatterAdd`. */
export const scatterMin = scatter('scatterMin', 'min');

/** x with rows replaced by the larger of row and updates. Indices as in `scatterAdd`. */
export const scatterMax = scatter('scatterMax', 'max');

/** x with rows multiplied by updates. Indices as in `scatterAdd`. */
export const scatterMul = scatter('scatterMul', 'mul');

function startValues(op: string, starts: readonly TensorLike[], shape: readonly number[]): Tensor[] {
  checkedList(op, 'starts', starts);
  if (starts.length !== shape.length)
    throw new ArgumentError(`${op}: expected ${shape.length} starts, one for each axis, got ${starts.length}.`);
  return starts.map((start, axis) => {
    if (isTensor(start)) return fromFront(checkInteger(op, 'starts', start), shape[axis]);
    if (!Number.isInteger(start))
      throw new ArgumentError(`${op}: starts must be integers, got ${describe(start)}. Round it first.`);
    // Beyond i32 a start is as far out of range as its ends.
    const least = -(2 ** 31);
    const held = Math.min(Math.max(start as number, least), 2 ** 31 - 1);
    return lax.full([], Math.max(held < 0 ? held + shape[axis] : held, least), 'i32') as Tensor;
  });
}

/**
 * The block of extents `sizes` that begins at `starts`, which may be computed. Negative starts count from the end; then
 * starts are moved so that the block fits.
 */
export function dynamicSlice(x: TensorLike, starts: readonly TensorLike[], sizes: readonly number[]): Tensor {
  checkShape('dynamicSlice', sizes);
  return composite('dynamicSlice', () => {
    const value = asTensor(x);
    return lax.dynamicSlice(value, startValues('dynamicSlice', starts, value.shape), sizes);
  });
}

/** x with the block that begins at `starts` replaced by `update`, in the dtype of x. Starts as in `dynamicSlice`. */
export function dynamicUpdateSlice(x: TensorLike, update: TensorLike, starts: readonly TensorLike[]): Tensor {
  return composite('dynamicUpdateSlice', () => {
    const [value, block] = asTensors([x, update]);
    return lax.dynamicUpdateSlice(
      value,
      castTo(block, value.dtype),
      startValues('dynamicUpdateSlice', starts, value.shape),
    );
  });
}

/**
 * 1 at the index and 0 elsewhere along a new last axis of extent `count`. Negative indices count from the end; those out of
 * range give zeros.
 */
export function oneHot(indices: TensorLike, count: number, options: { readonly dtype?: Tensor['dtype'] } = {}): Tensor {
  const { dtype = 'f32' } = checkedOptions('oneHot', options, ['dtype']);
  checkDType('oneHot', dtype);
  checkedWhole('oneHot: count', count, 0);
  return composite('oneHot', () => {
    const given = asTensor(indices);
    const index = fromFront(given.dtype === 'u32' ? given : castTo(given, 'i32'), count);
    const shape = [...index.shape, count];
    const wide = lax.broadcastInDim(index, shape, range(0, index.ndim));
    return lax.cast(lax.eq(wide, lax.iota(shape, index.ndim, 'i32')), dtype);
  });
}

/** Position on `axis` (front-counted) of every element, as i32. */
const positions = (shape: readonly number[], axis: number): Value => lax.iota(shape, axis, 'i32');

function triangle(
  name: string,
  x: TensorLike,
  offset: number,
  keep: (diagonal: Value, column: Value) => Value,
): Tensor {
  return composite(name, () => {
    const value = asTensor(x);
    if (value.ndim < 2) throw new ShapeError(`${name}: expected matrices, got shape ${showShape(value.shape)}.`);
    const [rows, columns] = value.shape.slice(-2);
    const along = diagonalOffset(name, offset, rows, columns);
    const row = positions(value.shape, value.ndim - 2);
    return lax.select(keep(lax.add(row, along), positions(value.shape, value.ndim - 1)), value, 0);
  });
}

/** Matrices with zeros above diagonal `offset`: 0 is the main one, 1 the one above it. */
export const tril = (x: TensorLike, offset = 0): Tensor => triangle('tril', x, offset, lax.ge);

/** Matrices with zeros below diagonal `offset`: 0 is the main one, 1 the one above it. */
export const triu = (x: TensorLike, offset = 0): Tensor => triangle('triu', x, offset, lax.le);

/** The main diagonals of square matrices over the axes `a` and `b`, as a new last axis (a strided view). */
export function diagonal(x: TensorLike, a = -2, b = -1): Tensor {
  return composite('diagonal', () => {
    const value = asTensor(x);
    const moved = moveaxis(value, [a, b], [-2, -1]);
    const rows = moved.shape[moved.ndim - 2];
    const columns = moved.shape[moved.ndim - 1];
    const lead = moved.shape.slice(0, -2);
    const count = Math.min(rows, columns);
    // Along the flattened matrix the diagonal lies at every (columns + 1)th place.
    const flat = lax.reshape(moved, [...lead, rows * columns]);
    const limit = count === 0 ? 0 : (count - 1) * (columns + 1) + 1;
    return lax.slice(flat, [...lead.map(() => 0), 0], [...lead, limit], [...lead.map(() => 1), columns + 1]);
  });
}

/** A vector (or batch of vectors) as diagonal matrices; of a matrix use `diagonal`. */
export function diag(x: TensorLike): Tensor {
  return composite('diag', () => {
    const value = asTensor(x);
    if (value.ndim === 0) throw new ShapeError('diag: expected vectors, got a scalar.');
    const n = value.shape[value.ndim - 1];
    const shape = [...value.shape, n];
    const wide = lax.broadcastInDim(value, shape, range(0, value.ndim));
    return lax.select(lax.eq(positions(shape, value.ndim - 1), positions(shape, value.ndim)), wide, 0);
  });
}

/** The sum of the main diagonal of matrices over the last two axes. */
export const trace = (x: TensorLike): Tensor =>
  composite('trace', () => {
    const line = diagonal(x);
    return lax.reduceSum(line, [line.ndim - 1]);
  });
