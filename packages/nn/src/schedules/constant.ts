import { asFloatStep, checkFinite, type Schedule } from './schedule.ts';

/** `value` at every step. */
export function constantSchedule(value: number): Schedule {
  checkFinite('constantSchedule: value', value);
  return (step) => asFloatStep(step).mul(0).add(value);
}
