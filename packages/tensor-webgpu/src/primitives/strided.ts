import type { DType, TypedArray } from '../dtype/dtype.ts';
import { refData } from '../program/refArray.ts';
import { rowMajorStrides, type Shape, sizeOf } from '../shape/shape.ts';

/** How a dense array is seen: an element step per axis and the position of the first element. */
export interface Strides {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Copies what a strided view sees to `out`, in row-major order. */
export function copyStrided(data: TypedArray, { shape, strides, offset }: Strides, out: TypedArray): TypedArray {
  const rank = shape.length;
  if (sizeOf(shape) === 0) return out;
  if (rank === 0) {
    out[0] = data[offset];
    return out;
  }
  const inner = shape[rank - 1];
  const step = strides[rank - 1];
  const index = new Array<number>(rank).fill(0);
  let from = offset;
  let to = 0;
  while (true) {
    if (step === 1) for (let i = 0; i < inner; i++) out[to + i] = data[from + i];
    else if (step === 0) out.fill(data[from], to, to + inner);
    else for (let i = 0, at = from; i < inner; i++, at += step) out[to + i] = data[at];
    to += inner;
    let axis = rank - 2;
    for (; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis < 0) return out;
  }
}

/** A dense copy of what a strided view sees. */
export const readStrided = (data: TypedArray, dtype: DType, view: Strides): TypedArray =>
  copyStrided(data, view, refData(dtype, sizeOf(view.shape)));

/** A dense copy with the axes in another order; the data itself when the order is the same. */
export function readPermuted(data: TypedArray, dtype: DType, shape: Shape, order: readonly number[]): TypedArray {
  if (order.every((axis, i) => axis === i)) return data;
  const strides = rowMajorStrides(shape);
  return readStrided(data, dtype, {
    shape: order.map((axis) => shape[axis]),
    strides: order.map((axis) => strides[axis]),
    offset: 0,
  });
}
