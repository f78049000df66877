import type { Tensor } from '@flowfield/tensor-webgpu';
import { ArgumentError, ShapeError } from '@flowfield/tensor-webgpu/errors';
import { scalar } from '@flowfield/tensor-webgpu/scalar';
import type { Schedule } from '../schedules/schedule.ts';
import { checkedState, type GradientTransform, mapTree, scalarZero, stateless } from './transform.ts';

/**
 * updates · factor.
 * @throws ArgumentError for a factor that is not a finite number.
 */
export function scale(factor: number): GradientTransform {
  if (!Number.isFinite(factor))
    throw new ArgumentError(`scale: factor must be a finite number, got ${String(factor)}.`);
  return stateless((grads) => mapTree((leaf) => leaf.mul(factor), grads));
}

/**
 * updates · schedule(step), with step 0 at the first update. State: `{step}` (i32).
 * @throws ArgumentError when the schedule is no function; `update` throws ArgumentError or ShapeError when it returns neither a
 *   number nor a scalar.
 */
export function scaleBySchedule(schedule: Schedule): GradientTransform {
  if (typeof schedule !== 'function') {
    throw new ArgumentError(
      `scaleBySchedule: expected a schedule (step) => scalar, got ${String(schedule)}. Use scale for a number.`,
    );
  }
  return {
    init: (params) => ({ step: scalarZero(params, 'i32') }),
    update: (grads, state, _params) => {
      const { step } = checkedState<{ step: Tensor }>('scaleBySchedule', state, ['step']);
      const factor = factorOf(schedule(step));
      return [mapTree((leaf) => leaf.mul(factor.astype(leaf.dtype)), grads), { step: step.add(1) }];
    },
  };
}

/** What a schedule returned, as a scalar tensor. */
function factorOf(value: unknown): Tensor {
  if (typeof value === 'number' && Number.isFinite(value)) return scalar(value);
  const shape = (value as Tensor | undefined)?.shape;
  if (!Array.isArray(shape)) {
    throw new ArgumentError(
      `schedule: expected a scalar tensor or a finite number, got ${String(value)}. Return one for every step.`,
    );
  }
  if (shape.length > 0) {
    throw new ShapeError(`schedule: expected a scalar, got shape [${shape.join(', ')}]. Return one number per step.`);
  }
  return value as Tensor;
}

/**
 * -learningRate · updates: turns an ascent direction into a descent step. Last in a chain.
 * @throws ArgumentError for a learning rate that is not a finite number of at least 0.
 */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransform {
  if (typeof learningRate === 'function') return scaleBySchedule((step) => factorOf(learningRate(step)).neg());
  if (!(typeof learningRate === 'number' && learningRate >= 0 && Number.isFinite(learningRate))) {
    throw new ArgumentError(
      `learningRate must be a finite number of at least 0 or a schedule, got ${String(learningRate)}.`,
    );
  }
  return scale(-learningRate);
}
