import { checkedOptions, checkedWhole } from '@flowfield/tensor-webgpu/errors';
import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

export interface CosineOptions {
  readonly initial: number;
  /** Steps until `final`, where it stays. */
  readonly steps: number;
  /** Default 0. */
  readonly final?: number;
}

/**
 * final + (initial - final) (1 + cos(π step / steps)) / 2, and `final` from `steps` on (Loshchilov & Hutter 2017).
 * @throws ArgumentError for numbers that are not finite or steps below 1.
 */
export function cosineSchedule(options: CosineOptions): Schedule {
  const { initial, steps, final = 0 } = checkedOptions('cosineSchedule', options, ['initial', 'steps', 'final']);
  checkFinite('cosineSchedule: initial', initial);
  checkFinite('cosineSchedule: final', final);
  checkedWhole('cosineSchedule: steps', steps);
  return (step) => {
    const done = asFloatStep(step).div(steps).clip(0, 1);
    return done
      .mul(Math.PI)
      .cos()
      .add(1)
      .mul((initial - final) / 2)
      .add(final);
  };
}
