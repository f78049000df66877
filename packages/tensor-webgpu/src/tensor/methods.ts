import type { DType } from '../dtype/dtype.ts';
import * as ops from '../ops/index.ts';
import type { Axes, AxisOption, ReduceOptions, TensorLike } from '../ops/types.ts';
import type { Shape } from '../shape/shape.ts';
import { Value } from '../trace/value.ts';
import type { Tensor } from './tensor.ts';

/** The functions of a tensor as methods: each is the function of its name with this tensor as the first argument. */
export abstract class TensorMethods extends Value {
  add(y: TensorLike): Tensor {
    return ops.add(this, y);
  }

  sub(y: TensorLike): Tensor {
    return ops.sub(this, y);
  }

  mul(y: TensorLike): Tensor {
    return ops.mul(this, y);
  }

  div(y: TensorLike): Tensor {
    return ops.div(this, y);
  }

  floorDivide(y: TensorLike): Tensor {
    return ops.floorDivide(this, y);
  }

  mod(y: TensorLike): Tensor {
    return ops.mod(this, y);
  }

  fmod(y: TensorLike): Tensor {
    return ops.fmod(this, y);
  }

  pow(y: TensorLike): Tensor {
    return ops.pow(this, y);
  }

  maximum(y: TensorLike): Tensor {
    return ops.maximum(this, y);
  }

  minimum(y: TensorLike): Tensor {
    return ops.minimum(this, y);
  }

  hypot(y: TensorLike): Tensor {
    return ops.hypot(this, y);
  }

  logaddexp(y: TensorLike): Tensor {
    return ops.logaddexp(this, y);
  }

  atan2(y: TensorLike): Tensor {
    return ops.atan2(this, y);
  }

  equal(y: TensorLike): Tensor {
    return ops.equal(this, y);
  }

  notEqual(y: TensorLike): Tensor {
    return ops.notEqual(this, y);
  }

  less(y: TensorLike): Tensor {
    return ops.less(this, y);
  }

  lessEqual(y: TensorLike): Tensor {
    return ops.lessEqual(this, y);
  }

  greater(y: TensorLike): Tensor {
    return ops.greater(this, y);
  }

  greaterEqual(y: TensorLike): Tensor {
    return ops.greaterEqual(this, y);
  }

  logicalAnd(y: TensorLike): Tensor {
    return ops.logicalAnd(this, y);
  }

  logicalOr(y: TensorLike): Tensor {
    return ops.logicalOr(this, y);
  }

  logicalXor(y: TensorLike): Tensor {
    return ops.logicalXor(this, y);
  }

  bitwiseAnd(y: TensorLike): Tensor {
    return ops.bitwiseAnd(this, y);
  }

  bitwiseOr(y: TensorLike): Tensor {
    return ops.bitwiseOr(this, y);
  }

  bitwiseXor(y: TensorLike): Tensor {
    return ops.bitwiseXor(this, y);
  }

  leftShift(y: TensorLike): Tensor {
    return ops.leftShift(this, y);
  }

  rightShift(y: TensorLike): Tensor {
    return ops.rightShift(this, y);
  }

  matmul(y: TensorLike): Tensor {
    return ops.matmul(this, y);
  }

  dot(y: TensorLike): Tensor {
    return ops.dot(this, y);
  }

  outer(y: TensorLike): Tensor {
    return ops.outer(this, y);
  }

  neg(): Tensor {
    return ops.neg(this);
  }

  abs(): Tensor {
    return ops.abs(this);
  }

  sign(): Tensor {
    return ops.sign(this);
  }

  square(): Tensor {
    return ops.square(this);
  }

  reciprocal(): Tensor {
    return ops.reciprocal(this);
  }

  floor(): Tensor {
    return ops.floor(this);
  }

  ceil(): Tensor {
    return ops.ceil(this);
  }

  trunc(): Tensor {
    return ops.trunc(this);
  }

  round(): Tensor {
    return ops.round(this);
  }

  exp(): Tensor {
    return ops.exp(this);
  }

  exp2(): Tensor {
    return ops.exp2(this);
  }

  expm1(): Tensor {
    return ops.expm1(this);
  }

  log(): Tensor {
    return ops.log(this);
  }

  log1p(): Tensor {
    return ops.log1p(this);
  }

  log2(): Tensor {
    return ops.log2(this);
  }

  log10(): Tensor {
    return ops.log10(this);
  }

  sqrt(): Tensor {
    return ops.sqrt(this);
  }

  rsqrt(): Tensor {
    return ops.rsqrt(this);
  }

  cbrt(): Tensor {
    return ops.cbrt(this);
  }

  sin(): Tensor {
    return ops.sin(this);
  }

  cos(): Tensor {
    return ops.cos(this);
  }

  tan(): Tensor {
    return ops.tan(this);
  }

  asin(): Tensor {
    return ops.asin(this);
  }

  acos(): Tensor {
    return ops.acos(this);
  }

  atan(): Tensor {
    return ops.atan(this);
  }

  sinh(): Tensor {
    return ops.sinh(this);
  }

  cosh(): Tensor {
    return ops.cosh(this);
  }

  tanh(): Tensor {
    return ops.tanh(this);
  }

  asinh(): Tensor {
    return ops.asinh(this);
  }

  acosh(): Tensor {
    return ops.acosh(this);
  }

  atanh(): Tensor {
    return ops.atanh(this);
  }

  sinc(): Tensor {
    return ops.sinc(this);
  }

  erf(): Tensor {
    return ops.erf(this);
  }

  erfc(): Tensor {
    return ops.erfc(this);
  }

  erfInv(): Tensor {
    return ops.erfInv(this);
  }

  lgamma(): Tensor {
    return ops.lgamma(this);
  }

  digamma(): Tensor {
    return ops.digamma(this);
  }

  isNaN(): Tensor {
    return ops.isNaN(this);
  }

  isFinite(): Tensor {
    return ops.isFinite(this);
  }

  isInf(): Tensor {
    return ops.isInf(this);
  }

  logicalNot(): Tensor {
    return ops.logicalNot(this);
  }

  bitwiseNot(): Tensor {
    return ops.bitwiseNot(this);
  }

  relu(): Tensor {
    return ops.relu(this);
  }

  sigmoid(): Tensor {
    return ops.sigmoid(this);
  }

  logSigmoid(): Tensor {
    return ops.logSigmoid(this);
  }

  silu(): Tensor {
    return ops.silu(this);
  }

  softsign(): Tensor {
    return ops.softsign(this);
  }

  ravel(): Tensor {
    return ops.ravel(this);
  }

  matrixTranspose(): Tensor {
    return ops.matrixTranspose(this);
  }

  diag(): Tensor {
    return ops.diag(this);
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

  clip(low: TensorLike | null, high: TensorLike | null): Tensor {
    return ops.clip(this, low, high);
  }

  leakyRelu(slope?: number): Tensor {
    return ops.leakyRelu(this, slope);
  }

  elu(alpha?: number): Tensor {
    return ops.elu(this, alpha);
  }

  gelu(options?: { readonly approximate?: 'none' | 'tanh' }): Tensor {
    return ops.gelu(this, options);
  }

  softplus(beta?: number): Tensor {
    return ops.softplus(this, beta);
  }

  softmax(options?: AxisOption): Tensor {
    return ops.softmax(this, options);
  }

  logSoftmax(options?: AxisOption): Tensor {
    return ops.logSoftmax(this, options);
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

  roll(shift: number, axis?: number): Tensor {
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
}
