import { ArgumentError, astype, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** A number that changes with the step: an integer (i32 or f32 scalar, or a number) to an f32 scalar. May be traced. */
export type Schedule = (step: Tensor | number) => Tensor;

/** The step as an f32 scalar. */
export const asFloatStep = (step: Tensor | number): Tensor =>
  typeof step === 'number' ? tensor(step) : astype(step, 'f32');

/** Throws `ArgumentError` unless `value` is a finite number. */
export function checkFinite(what: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ArgumentError(`${what} must be a finite number, got ${value}.`);
}
