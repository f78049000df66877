import { ArgumentError, checkedWhole, checkFunctions, where } from '@flowfield/tensor-webgpu';
import { asFloatStep, type Schedule } from './schedule.ts';

/**
 * One schedule after another: `[[0, first], [1000, second], …]` uses `first` from step 0, `second` from step 1,000, and so on.
 * Each counts its own steps from 0.
 * @throws ArgumentError unless the first begins at 0 and the others later than the one before.
 */
export function joinedSchedule(parts: readonly (readonly [from: number, schedule: Schedule])[]): Schedule {
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every((part) => Array.isArray(part) && part.length === 2)) {
    throw new ArgumentError(
      'joinedSchedule: expected a list of [step, schedule]. Give at least one, as in [[0, constantSchedule(1)]].',
    );
  }
  parts.forEach(([from, schedule], i) => {
    checkedWhole(`joinedSchedule: start of part ${i}`, from, 0);
    checkFunctions('joinedSchedule', schedule);
    const before = i === 0 ? -1 : parts[i - 1][0];
    if (i === 0 ? from === 0 : from > before) return;
    throw new ArgumentError(
      `joinedSchedule: part ${i} must begin ${i === 0 ? 'at step 0' : `after step ${before}`}, got ${from}. Put the parts in order.`,
    );
  });
  return (step) => {
    const at = asFloatStep(step);
    const [[, first], ...rest] = parts;
    return rest.reduce((value, [from, schedule]) => where(at.less(from), value, schedule(at.sub(from))), first(at));
  };
}
