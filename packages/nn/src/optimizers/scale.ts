import { ArgumentError, type Tensor } from '@flowfield/tensor-webgpu';
import type { Schedule } from '../schedules/schedule.ts';
import { type GradientTransform, mapTree, scalarZero, stateless } from './transform.ts';

/** updates · factor. */
export const scale = (factor: number): GradientTransform =>
  stateless((grads) => mapTree((leaf) => leaf.mul(factor), grads));

/** updates · schedule(step), with step 0 at the first update. State: `{step}` (i32). */
export function scaleBySchedule(schedule: Schedule): GradientTransform {
  return {
    init: (params) => ({ step: scalarZero(params, 'i32') }),
    update: (grads, state, _params) => {
      const { step } = state as { step: Tensor };
      const factor = schedule(step);
      return [mapTree((leaf) => leaf.mul(factor.astype(leaf.dtype)), grads), { step: step.add(1) }];
    },
  };
}

/**
 * -learningRate · updates: turns an ascent direction into a descent step. Last in a chain.
 * @throws ArgumentError for a learning rate that is not a finite number of at least 0.
 */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransform {
  if (typeof learningRate === 'function') return scaleBySchedule((step) => learningRate(step).neg());
  if (!(learningRate >= 0 && Number.isFinite(learningRate))) {
    throw new ArgumentError(`learningRate must be a finite number of at least 0 or a schedule, got ${learningRate}.`);
  }
  return scale(-learningRate);
}
