import { checkedOptions, checkedWhole, where } from '@flowfield/tensor-webgpu';
import { cosineSchedule } from './cosine.ts';
import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

export interface WarmupCosineOptions {
  /** At step 0 (default 0). */
  readonly initial?: number;
  /** At `warmupSteps`. */
  readonly peak: number;
  /** 0 for no warm-up: the descent begins at step 0. */
  readonly warmupSteps: number;
  /** All steps, warm-up included. */
  readonly steps: number;
  /** From `steps` on (default 0). */
  readonly final?: number;
}

/**
 * A line from `initial` to `peak` in `warmupSteps`, then half a cosine down to `final` at `steps`.
 * @throws ArgumentError for numbers that are not finite, or unless 0 <= warmupSteps < steps.
 */
export function warmupCosineSchedule(options: WarmupCosineOptions): Schedule {
  const {
    initial = 0,
    peak,
    warmupSteps,
    steps,
    final = 0,
  } = checkedOptions('warmupCosineSchedule', options, ['initial', 'peak', 'warmupSteps', 'steps', 'final']);
  checkFinite('warmupCosineSchedule: initial', initial);
  checkFinite('warmupCosineSchedule: peak', peak);
  checkedWhole('warmupCosineSchedule: warmupSteps', warmupSteps, 0);
  checkedWhole('warmupCosineSchedule: steps', steps, warmupSteps + 1);
  const descent = cosineSchedule({ initial: peak, steps: steps - warmupSteps, final });
  if (warmupSteps === 0) return descent;
  return (step) => {
    const at = asFloatStep(step);
    const rise = at.mul((peak - initial) / warmupSteps).add(initial);
    return where(at.less(warmupSteps), rise, descent(at.sub(warmupSteps)));
  };
}
