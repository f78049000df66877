import { checkedOptions, minimum, type Tensor } from '@flowfield/tensor-webgpu';
import { checkPositive } from '../optimizers/ranges.ts';
import { checkPair, reduced, type WeightOptions, weightOptionNames } from './weighting.ts';

/**
 * Mean squared error: the mean of (predicted - target)².
 * @throws ShapeError unless both have one shape, or for weights that do not fit; ArgumentError for a bad option.
 */
export function mseLoss(predicted: Tensor, target: Tensor, options: WeightOptions = {}): Tensor {
  checkedOptions('mseLoss', options, weightOptionNames);
  checkPair('mseLoss', predicted, target);
  return reduced('mseLoss', predicted.sub(target).square(), options);
}

/**
 * Mean absolute error: the mean of |predicted - target|.
 * @throws as `mseLoss`.
 */
export function maeLoss(predicted: Tensor, target: Tensor, options: WeightOptions = {}): Tensor {
  checkedOptions('maeLoss', options, weightOptionNames);
  checkPair('maeLoss', predicted, target);
  return reduced('maeLoss', predicted.sub(target).abs(), options);
}

export interface HuberOptions extends WeightOptions {
  /** Where the square becomes a line (default 1). */
  readonly delta?: number;
}

/**
 * The mean of d² / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = predicted - target (Huber 1964).
 * @throws as `mseLoss`; ArgumentError for a delta that is not positive.
 */
export function huberLoss(predicted: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const { delta = 1, ...rest } = checkedOptions('huberLoss', options, ['delta', ...weightOptionNames]);
  checkPositive('huberLoss: delta', delta);
  checkPair('huberLoss', predicted, target);
  const distance = predicted.sub(target).abs();
  // In this form nothing is squared that is far from 0.
  const near = minimum(distance, delta);
  return reduced('huberLoss', near.mul(distance.sub(near.mul(0.5))), rest);
}
