import { ArgumentError, checkedOptions, checkedWhole, exp } from '@flowfield/tensor-webgpu';
import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

export interface ExponentialOptions {
  readonly initial: number;
  /** The factor per `steps`, positive. */
  readonly rate: number;
  /** Default 1. */
  readonly steps?: number;
  /** Fall only at multiples of `steps` (default false). */
  readonly staircase?: boolean;
  /** A floor (default none). */
  readonly final?: number;
}

/**
 * initial · rate^(step / steps), the exponent rounded down with `staircase`, at least `final`.
 * @throws ArgumentError for a rate that is not positive and finite.
 */
export function exponentialSchedule(options: ExponentialOptions): Schedule {
  const {
    initial,
    rate,
    steps = 1,
    staircase = false,
    final,
  } = checkedOptions('exponentialSchedule', options, ['initial', 'rate', 'steps', 'staircase', 'final']);
  checkFinite('exponentialSchedule: initial', initial);
  checkedWhole('exponentialSchedule: steps', steps);
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new ArgumentError(`exponentialSchedule: rate must be positive and finite, got ${rate}.`);
  }
  return (step) => {
    const count = asFloatStep(step).div(steps);
    const value = exp((staircase ? count.floor() : count).mul(Math.log(rate))).mul(initial);
    return final === undefined ? value : value.maximum(final);
  };
}
