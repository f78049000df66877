import { isFloat } from '../dtype/dtype.ts';
import { checkedWhole } from '../errors/checks.ts';
import { ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { finiteOrZero } from './logsumexp.ts';
import { asFloat, asNumber, asTensors, castTo, checkInteger, isTensor } from './operands.ts';

/** Data with one row for each segment id. */
function rows(
  op: string,
  data: TensorLike,
  ids: TensorLike,
  count: number,
  prepare: (x: TensorLike) => Tensor,
): { value: Tensor; index: Tensor } {
  checkedWhole(`${op}: the number of segments`, count, 0);
  const [given, places] = asTensors([data, ids]);
  const value = prepare(given);
  const integers = isTensor(ids) ? checkInteger(op, 'segment ids', places) : places;
  // Ids too large for i32 must not come out negative there, and negative ones must name nothing.
  const index = castTo(integers.dtype === 'u32' ? (lax.min(integers, 2 ** 31 - 1) as Tensor) : integers, 'i32');
  if (index.ndim !== 1 || value.ndim === 0 || value.shape[0] !== index.shape[0]) {
    throw new ShapeError(
      `${op}: expected one segment id for each row of data, got data ${showShape(value.shape)} and ids ${showShape(index.shape)}.`,
    );
  }
  return { value, index };
}

function scatterRows(value: Tensor, index: Tensor, count: number, start: number, mode: 'add' | 'max' | 'min'): Value {
  return lax.scatter(lax.full([count, ...value.shape.slice(1)], start, value.dtype), index, value, {
    batchDims: 0,
    mode,
  });
}

/**
 * out[s] = Σ data[i] over the rows i with ids[i] = s; empty segments are 0. Ids are names, not places: negative ones, and
 * those of `count` or more, are left out.
 */
export function segmentSum(data: TensorLike, ids: TensorLike, count: number): Tensor {
  return composite('segmentSum', () => {
    const { value, index } = rows('segmentSum', data, ids, count, asNumber);
    return scatterRows(value, index, count, 0, 'add');
  });
}

/** The mean of the rows of each segment; empty segments are 0. */
export function segmentMean(data: TensorLike, ids: TensorLike, count: number): Tensor {
  return composite('segmentMean', () => {
    const { value, index } = rows('segmentMean', data, ids, count, asFloat);
    const members = scatterRows(lax.full(index.shape, 1, value.dtype) as Tensor, index, count, 0, 'add');
    const total = scatterRows(value, index, count, 0, 'add');
    return lax.div(total, lax.broadcastInDim(lax.max(members, 1), total.shape, [0]));
  });
}

/** The largest row element of each segment; empty segments are -Infinity (the least integer for integers). */
export function segmentMax(data: TensorLike, ids: TensorLike, count: number): Tensor {
  return composite('segmentMax', () => {
    const { value, index } = rows('segmentMax', data, ids, count, asNumber);
    const lowest = isFloat(value.dtype) ? Number.NEGATIVE_INFINITY : value.dtype === 'u32' ? 0 : -(2 ** 31);
    return scatterRows(value, index, count, lowest, 'max');
  });
}

/** The smallest row element of each segment; empty segments are Infinity (the largest integer for integers). */
export function segmentMin(data: TensorLike, ids: TensorLike, count: number): Tensor {
  return composite('segmentMin', () => {
    const { value, index } = rows('segmentMin', data, ids, count, asNumber);
    const highest = isFloat(value.dtype) ? Number.POSITIVE_INFINITY : value.dtype === 'u32' ? 2 ** 32 - 1 : 2 ** 31 - 1;
    return scatterRows(value, index, count, highest, 'min');
  });
}

/** eˣ / Σ eˣ over the rows of each segment, without overflow; one weight for each row of `logits`, 0 for rows left out. */
export function segmentSoftmax(logits: TensorLike, ids: TensorLike, count: number): Tensor {
  return composite('segmentSoftmax', () => {
    const { value, index } = rows('segmentSoftmax', logits, ids, count, asFloat);
    const back = (perSegment: Value): Value => lax.gather(perSegment, index, 0);
    const top = finiteOrZero(
      scatterRows(lax.stopGradient(value) as Tensor, index, count, Number.NEGATIVE_INFINITY, 'max'),
    );
    const inside = lax.and(lax.ge(index, 0), lax.lt(index, count));
    const named = lax.broadcastInDim(inside, value.shape, [0]);
    const weights = lax.exp(lax.select(named, lax.sub(value, back(top)), 0)) as Tensor;
    const total = scatterRows(weights, index, count, 0, 'add');
    const safe = lax.select(lax.eq(total, 0), 1, total);
    return lax.select(named, lax.div(weights, back(safe)), 0);
  });
}
