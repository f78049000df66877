import { ArgumentError, checkedOptions, checkedWhole, where } from '@flowfield/tensor-webgpu';
import { constantSchedule } from './constant.ts';
import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

export interface PiecewiseOptions {
  /** The value before the first boundary. */
  readonly initial: number;
  /** `[step, value]` in order of steps: from that step on, that value. */
  readonly boundaries: readonly (readonly [step: number, value: number])[];
}

/**
 * Constant between boundaries.
 * @throws ArgumentError for boundaries that are out of order or values that are not finite.
 */
export function piecewiseSchedule(options: PiecewiseOptions): Schedule {
  const { initial, boundaries } = checkedOptions('piecewiseSchedule', options, ['initial', 'boundaries']);
  if (!Array.isArray(boundaries)) {
    throw new ArgumentError(
      `piecewiseSchedule: expected boundaries as a list of [step, value], got ${boundaries}. Give [] for none.`,
    );
  }
  boundaries.forEach((boundary, i) => {
    if (!Array.isArray(boundary) || boundary.length !== 2) {
      throw new ArgumentError(
        `piecewiseSchedule: expected boundary ${i} as [step, value], got ${String(boundary)}. Give a pair of numbers.`,
      );
    }
    const [step, value] = boundary;
    checkedWhole(`piecewiseSchedule: step of boundary ${i}`, step, 0);
    checkFinite(`piecewiseSchedule: value of boundary ${i}`, value);
    if (i > 0 && step <= boundaries[i - 1][0]) {
      throw new ArgumentError(
        `piecewiseSchedule: boundaries must increase, got ${step} after ${boundaries[i - 1][0]}.`,
      );
    }
  });
  const start = constantSchedule(initial);
  return (step) => {
    const at = asFloatStep(step);
    return boundaries.reduce((value, [from, next]) => where(at.less(from), value, next), start(at));
  };
}
