import { ArgumentError } from '@flowfield/tensor-webgpu';

/** `given` itself; throws `ArgumentError` unless it is one of `choices`. */
export function checkedChoice<T extends string>(what: string, given: T, choices: readonly T[]): T {
  if (choices.includes(given)) return given;
  throw new ArgumentError(
    `${what} must be ${choices.map((choice) => `'${choice}'`).join(' or ')}, got ${String(given)}. Use one of these.`,
  );
}
