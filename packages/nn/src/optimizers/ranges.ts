import { ArgumentError } from '@flowfield/tensor-webgpu/errors';

/** Throws `ArgumentError` unless 0 <= decay < 1. */
export function checkDecay(what: string, decay: number): void {
  if (typeof decay === 'number' && decay >= 0 && decay < 1) return;
  throw new ArgumentError(
    `${what} must lie in [0, 1), got ${String(decay)}. It is the share of the old value that stays.`,
  );
}

/** Throws `ArgumentError` unless `value` is a finite number of at least 0. */
export function checkAmount(what: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return;
  throw new ArgumentError(`${what} must be a finite number of at least 0, got ${String(value)}.`);
}

/** Throws `ArgumentError` unless `value` is a positive finite number. */
export function checkPositive(what: string, value: number): void {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return;
  throw new ArgumentError(`${what} must be positive, got ${String(value)}. Give a finite number above 0.`);
}

/** Throws `ArgumentError` unless both are finite, none is negative and one is positive. */
export function checkEpsilons(optimizer: string, epsilon: number, epsilonRoot: number): void {
  checkAmount(`${optimizer}: epsilonRoot`, epsilonRoot);
  if (epsilonRoot > 0) checkAmount(`${optimizer}: epsilon`, epsilon);
  else checkPositive(`${optimizer}: epsilon`, epsilon);
}

/** Throws `ArgumentError` for `nesterov` without momentum, which has nothing to look ahead along. */
export function checkNesterov(optimizer: string, momentum: number | undefined, nesterov: boolean | undefined): void {
  if (!nesterov || momentum !== undefined) return;
  throw new ArgumentError(`${optimizer}: nesterov needs momentum, got none. Give it, as in momentum: 0.9.`);
}
