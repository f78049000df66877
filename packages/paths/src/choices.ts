import { ArgumentError, nearestName } from '@flowfield/tensor-webgpu';

/** Throws `ArgumentError` unless `given` is one of `choices`; names the nearest one. */
export function checkOneOf(use: string, what: string, given: unknown, choices: readonly string[]): void {
  if (choices.includes(given as string)) return;
  const nearest = typeof given === 'string' ? nearestName(given, choices) : undefined;
  throw new ArgumentError(
    `${use}: expected ${what} among ${choices.join(', ')}, got ${typeof given === 'string' ? `'${given}'` : String(given)}. ` +
      `${nearest ? `Did you mean '${nearest}'?` : 'Check the spelling.'}`,
  );
}

/** `given` itself; throws `ArgumentError` unless it is a number from `least` to `most`. */
export function checkedNumber(what: string, given: number, least: number, most = Number.POSITIVE_INFINITY): number {
  if (typeof given === 'number' && given >= least && given <= most && Number.isFinite(given)) return given;
  throw new ArgumentError(
    `${what} must be a finite number ${most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`}, got ${String(given)}. Give such a number.`,
  );
}
