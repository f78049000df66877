import { ArgumentError, broadcastTo, checkTensor, ShapeError, type Tensor, where } from '@flowfield/tensor-webgpu';

/** How the losses of single elements become one result. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface WeightOptions {
  /**
   * Weights of elements, or a bool mask of those that count: of the shape of the elements, of their leading axes, or with extents
   * of 1. The mean divides by the sum of the weights. An element of weight 0 counts for nothing, even where it is not finite.
   */
  readonly weights?: Tensor;
  /** 'mean' (default), 'sum', or 'none' for every element, times its weight. */
  readonly reduction?: Reduction;
}

export const weightOptionNames = ['weights', 'reduction'] as const;

const fits = (given: readonly number[], shape: readonly number[]): boolean =>
  given.length <= shape.length && given.every((extent, i) => extent === shape[i] || extent === 1);

/** `weights` in the form of `values`; throws `ShapeError` when its axes are not leading axes of them. */
export function weightsLike(op: string, weights: Tensor, values: Tensor): Tensor {
  checkTensor(op, 'weights', weights);
  if (!fits(weights.shape, values.shape)) {
    throw new ShapeError(
      `${op}: expected weights of shape [${values.shape.join(', ')}] or of its leading axes, got [${weights.shape.join(', ')}]. Reshape them.`,
    );
  }
  const missing = values.shape.slice(weights.shape.length).map(() => 1);
  return broadcastTo(weights.astype(values.dtype).reshape([...weights.shape, ...missing]), values.shape);
}

/** The sum of `values`, weighted; elements of weight 0 count for nothing. */
export const weightedSum = (values: Tensor, weights: Tensor | null): Tensor =>
  (weights ? where(weights.equal(0), 0, values.mul(weights)) : values).sum();

/** `sum / total`, and 0 where the total is 0. */
export function ratio(sum: Tensor, total: Tensor): Tensor {
  const none = total.equal(0);
  return where(none, 0, sum.div(where(none, 1, total)));
}

/** One number, or all elements, as the options say; `total` replaces the sum of weights that a mean divides by. */
export function reduced(op: string, values: Tensor, options: WeightOptions, total?: Tensor): Tensor {
  const { weights: given, reduction = 'mean' } = options;
  if (!['mean', 'sum', 'none'].includes(reduction)) {
    throw new ArgumentError(`${op}: reduction must be 'mean', 'sum' or 'none', got ${String(reduction)}.`);
  }
  const weights = given === undefined ? null : weightsLike(op, given, values);
  if (reduction === 'none') return weights ? where(weights.equal(0), 0, values.mul(weights)) : values;
  const sum = weightedSum(values, weights);
  if (reduction === 'sum') return sum;
  if (total) return ratio(sum, total);
  if (weights) return ratio(sum, weights.sum());
  return values.size === 0 ? sum : values.mean();
}

/** Throws unless both are tensors of one shape. */
export function checkPair(op: string, predicted: Tensor, target: Tensor): void {
  checkTensor(op, 'the prediction', predicted);
  checkTensor(op, 'the target', target);
  const same =
    predicted.shape.length === target.shape.length && predicted.shape.every((extent, i) => extent === target.shape[i]);
  if (same) return;
  throw new ShapeError(
    `${op}: expected a prediction and a target of one shape, got [${predicted.shape.join(', ')}] and [${target.shape.join(', ')}]. Reshape one: broadcasting would pair every row with every other.`,
  );
}
