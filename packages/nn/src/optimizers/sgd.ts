import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { momentum as withMomentum } from './momentum.ts';
import { checkNesterov } from './ranges.ts';
import { scaleByLearningRate } from './scale.ts';
import type { GradientTransform } from './transform.ts';

export interface SgdOptions {
  readonly learningRate: number | Schedule;
  /** In [0, 1); left out, there is no memory. */
  readonly momentum?: number;
  /** Look ahead (default false); needs momentum. */
  readonly nesterov?: boolean;
}

/**
 * Gradient descent: params <- params - learningRate · grads, with optional (Nesterov) momentum.
 * @throws ArgumentError for a bad learning rate or momentum, or `nesterov` without momentum.
 */
export function sgd(options: SgdOptions): GradientTransform {
  const { learningRate, momentum, nesterov } = checkedOptions('sgd', options, ['learningRate', 'momentum', 'nesterov']);
  checkNesterov('sgd', momentum, nesterov);
  const step = scaleByLearningRate(learningRate);
  return momentum === undefined ? chain(step) : chain(withMomentum({ decay: momentum, nesterov }), step);
}
