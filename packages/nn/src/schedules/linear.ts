import { checkedOptions, checkedWhole } from '@flowfield/tensor-webgpu/errors';
import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

export interface LinearScheduleOptions {
  readonly initial: number;
  /** Default 0. */
  readonly final?: number;
  /** Steps until `final`, where it stays. */
  readonly steps: number;
}

/**
 * initial + (final - initial) step / steps, and `final` from `steps` on.
 * @throws ArgumentError for numbers that are not finite or steps below 1.
 */
export function linearSchedule(options: LinearScheduleOptions): Schedule {
  const { initial, final = 0, steps } = checkedOptions('linearSchedule', options, ['initial', 'final', 'steps']);
  checkFinite('linearSchedule: initial', initial);
  checkFinite('linearSchedule: final', final);
  checkedWhole('linearSchedule: steps', steps);
  return (step) => {
    const left = asFloatStep(step).div(steps).clip(0, 1).neg().add(1);
    return left.mul(initial - final).add(final);
  };
}
