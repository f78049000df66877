import * as ops from '../ops/index.ts';
import type { AxisOption, ReduceOptions, TensorLike } from '../ops/types.ts';
import { ElementwiseMethods } from './elementwiseMethods.ts';
import type { Tensor } from './tensor.ts';

/** Reductions, running results, contractions and sorting as methods. */
export abstract class ReductionMethods extends ElementwiseMethods {
  matmul(y: TensorLike): Tensor {
    return ops.matmul(this, y);
  }

  dot(y: TensorLike): Tensor {
    return ops.dot(this, y);
  }

  outer(y: TensorLike): Tensor {
    return ops.outer(this, y);
  }

  trace(): Tensor {
    return ops.trace(this);
  }

  sum(options?: ReduceOptions): Tensor {
    return ops.sum(this, options);
  }

  prod(options?: ReduceOptions): Tensor {
    return ops.prod(this, options);
  }

  max(options?: ReduceOptions): Tensor {
    return ops.max(this, options);
  }

  min(options?: ReduceOptions): Tensor {
    return ops.min(this, options);
  }

  mean(options?: ReduceOptions): Tensor {
    return ops.mean(this, options);
  }

  ptp(options?: ReduceOptions): Tensor {
    return ops.ptp(this, options);
  }

  nansum(options?: ReduceOptions): Tensor {
    return ops.nansum(this, options);
  }

  nanmean(options?: ReduceOptions): Tensor {
    return ops.nanmean(this, options);
  }

  nanmax(options?: ReduceOptions): Tensor {
    return ops.nanmax(this, options);
  }

  nanmin(options?: ReduceOptions): Tensor {
    return ops.nanmin(this, options);
  }

  any(options?: ReduceOptions): Tensor {
    return ops.any(this, options);
  }

  all(options?: ReduceOptions): Tensor {
    return ops.all(this, options);
  }

  countNonzero(options?: ReduceOptions): Tensor {
    return ops.countNonzero(this, options);
  }

  logsumexp(options?: ReduceOptions): Tensor {
    return ops.logsumexp(this, options);
  }

  median(options?: ReduceOptions): Tensor {
    return ops.median(this, options);
  }

  variance(options?: ops.VarianceOptions): Tensor {
    return ops.variance(this, options);
  }

  /** The same as `variance`. */
  var(options?: ops.VarianceOptions): Tensor {
    return ops.variance(this, options);
  }

  std(options?: ops.VarianceOptions): Tensor {
    return ops.std(this, options);
  }

  norm(options?: ops.NormOptions): Tensor {
    return ops.norm(this, options);
  }

  quantile(q: number | readonly number[], options?: ReduceOptions): Tensor {
    return ops.quantile(this, q, options);
  }

  argmax(options?: ops.ArgReduceOptions): Tensor {
    return ops.argmax(this, options);
  }

  argmin(options?: ops.ArgReduceOptions): Tensor {
    return ops.argmin(this, options);
  }

  cumsum(options?: ops.CumulativeOptions): Tensor {
    return ops.cumsum(this, options);
  }

  cumprod(options?: ops.CumulativeOptions): Tensor {
    return ops.cumprod(this, options);
  }

  cummax(options?: ops.CumulativeOptions): Tensor {
    return ops.cummax(this, options);
  }

  cummin(options?: ops.CumulativeOptions): Tensor {
    return ops.cummin(this, options);
  }

  cumlogsumexp(options?: ops.CumulativeOptions): Tensor {
    return ops.cumlogsumexp(this, options);
  }

  vecdot(y: TensorLike, axis?: number): Tensor {
    return ops.vecdot(this, y, axis);
  }

  tensordot(y: TensorLike, axes?: number | readonly [readonly number[], readonly number[]]): Tensor {
    return ops.tensordot(this, y, axes);
  }

  sort(options?: ops.SortOptions): Tensor {
    return ops.sort(this, options);
  }

  argsort(options?: ops.SortOptions): Tensor {
    return ops.argsort(this, options);
  }

  topK(k: number, options?: AxisOption): { values: Tensor; indices: Tensor } {
    return ops.topK(this, k, options);
  }

  cross(y: TensorLike, axis?: number): Tensor {
    return ops.cross(this, y, axis);
  }

  kron(y: TensorLike): Tensor {
    return ops.kron(this, y);
  }

  diff(options?: Parameters<typeof ops.diff>[1]): Tensor {
    return ops.diff(this, options);
  }

  /** The places of `values` in this ascending vector. */
  searchsorted(values: TensorLike, options?: Parameters<typeof ops.searchsorted>[2]): Tensor {
    return ops.searchsorted(this, values, options);
  }

  /** The piecewise linear function through the knots, at each element. */
  interp(knots: TensorLike, values: TensorLike, options?: ops.InterpOptions): Tensor {
    return ops.interp(this, knots, values, options);
  }

  segmentSum(ids: TensorLike, count: number): Tensor {
    return ops.segmentSum(this, ids, count);
  }

  segmentMean(ids: TensorLike, count: number): Tensor {
    return ops.segmentMean(this, ids, count);
  }

  segmentMax(ids: TensorLike, count: number): Tensor {
    return ops.segmentMax(this, ids, count);
  }

  segmentMin(ids: TensorLike, count: number): Tensor {
    return ops.segmentMin(this, ids, count);
  }

  segmentSoftmax(ids: TensorLike, count: number): Tensor {
    return ops.segmentSoftmax(this, ids, count);
  }
}
