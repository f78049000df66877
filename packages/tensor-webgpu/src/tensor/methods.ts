import type { DType } from '../dtype/dtype.ts';
import * as ops from '../ops/index.ts';
import type { Axes, AxisOption, TensorLike } from '../ops/types.ts';
import type { Shape } from '../shape/shape.ts';
import { ReductionMethods } from './reductionMethods.ts';
import type { Tensor } from './tensor.ts';

/** The functions of a tensor as methods; here those that rearrange elements. */
export abstract class TensorMethods extends ReductionMethods {
  ravel(): Tensor {
    return ops.ravel(this);
  }

  matrixTranspose(): Tensor {
    return ops.matrixTranspose(this);
  }

  diag(): Tensor {
    return ops.diag(this);
  }

  astype(dtype: DType): Tensor {
    return ops.astype(this, dtype);
  }

  /** The axes reversed: the transpose of a matrix. */
  get T(): Tensor {
    return ops.transpose(this);
  }

  reshape(shape: number | Shape): Tensor {
    return ops.reshape(this, shape);
  }

  flatten(start?: number, end?: number): Tensor {
    return ops.flatten(this, start, end);
  }

  transpose(permutation?: readonly number[]): Tensor {
    return ops.transpose(this, permutation);
  }

  moveaxis(from: Axes, to: Axes): Tensor {
    return ops.moveaxis(this, from, to);
  }

  swapaxes(a: number, b: number): Tensor {
    return ops.swapaxes(this, a, b);
  }

  broadcastTo(shape: Shape): Tensor {
    return ops.broadcastTo(this, shape);
  }

  expandDims(axis: Axes): Tensor {
    return ops.expandDims(this, axis);
  }

  squeeze(axis?: Axes): Tensor {
    return ops.squeeze(this, axis);
  }

  flip(axis?: Axes): Tensor {
    return ops.flip(this, axis);
  }

  roll(shift: Axes, axis?: Axes): Tensor {
    return ops.roll(this, shift, axis);
  }

  tile(counts: number | readonly number[]): Tensor {
    return ops.tile(this, counts);
  }

  repeat(count: number, axis?: number): Tensor {
    return ops.repeat(this, count, axis);
  }

  split(parts: number | readonly number[], axis?: number): Tensor[] {
    return ops.split(this, parts, axis);
  }

  pad(widths: ops.PadWidths, options?: { readonly mode?: ops.PadMode; readonly value?: number }): Tensor {
    return ops.pad(this, widths, options);
  }

  slice(...specs: readonly ops.SliceSpec[]): Tensor {
    return ops.slice(this, ...specs);
  }

  /** The part at integer positions of the leading axes: `x.at(i, j)` is Python's `x[i, j]`. */
  at(...indices: readonly number[]): Tensor {
    return ops.slice(this, ...indices);
  }

  take(indices: TensorLike, options?: AxisOption): Tensor {
    return ops.take(this, indices, options);
  }

  takeAlongAxis(indices: TensorLike, axis: number): Tensor {
    return ops.takeAlongAxis(this, indices, axis);
  }

  gather(indices: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.gather(this, indices, options);
  }

  scatterAdd(indices: TensorLike, updates: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.scatterAdd(this, indices, updates, options);
  }

  scatterSet(indices: TensorLike, updates: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.scatterSet(this, indices, updates, options);
  }

  scatterMin(indices: TensorLike, updates: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.scatterMin(this, indices, updates, options);
  }

  scatterMax(indices: TensorLike, updates: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.scatterMax(this, indices, updates, options);
  }

  scatterMul(indices: TensorLike, updates: TensorLike, options?: ops.GatherOptions): Tensor {
    return ops.scatterMul(this, indices, updates, options);
  }

  dynamicSlice(starts: readonly TensorLike[], sizes: readonly number[]): Tensor {
    return ops.dynamicSlice(this, starts, sizes);
  }

  dynamicUpdateSlice(update: TensorLike, starts: readonly TensorLike[]): Tensor {
    return ops.dynamicUpdateSlice(this, update, starts);
  }

  tril(offset?: number): Tensor {
    return ops.tril(this, offset);
  }

  triu(offset?: number): Tensor {
    return ops.triu(this, offset);
  }

  diagonal(a?: number, b?: number): Tensor {
    return ops.diagonal(this, a, b);
  }
}
