import type { Tensor } from '@flowfield/tensor-webgpu';
import { ArgumentError, checkTensor } from '@flowfield/tensor-webgpu/errors';
import { scalar } from '@flowfield/tensor-webgpu/scalar';

/** A number that changes with the step: an integer (i32 or f32 scalar, or a number) to an f32 scalar. May be traced. */
export type Schedule = (step: Tensor | number) => Tensor;

/** The step as an f32 scalar; throws `ArgumentError` for what is neither a number nor a tensor. */
export function asFloatStep(step: Tensor | number): Tensor {
  if (typeof step === 'number') return scalar(step);
  checkTensor('schedule', 'the step', step);
  return step.astype('f32');
}

/** Throws `ArgumentError` unless `value` is a finite number. */
export function checkFinite(what: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} must be a finite number, got ${String(value)}.`);
}
