import { ArgumentError, ShapeError } from './errors.ts';
import { nearestName } from './nearest.ts';

/** A value as a message shows it: short, and never a failure of its own. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  const { dtype, shape } = value as { dtype?: unknown; shape?: unknown };
  if (typeof dtype === 'string' && Array.isArray(shape)) return `a tensor of ${dtype}[${shape.join(', ')}]`;
  return `an object (${value.constructor?.name ?? 'without a class'})`;
}

/** Whether a value is an object with no class of its own. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * `given` itself, the options of function `op`. A misspelt option would otherwise change nothing without a word.
 * @throws ArgumentError unless it is a plain object with no names but `names`.
 */
export function checkedOptions<T extends object>(op: string, given: T, names: readonly (keyof T & string)[]): T {
  if (!isPlainObject(given)) {
    throw new ArgumentError(
      `${op}: expected options { ${names.join(', ')} }, got ${describe(given)}. Name each option, as in { ${names[0]}: … }.`,
    );
  }
  for (const name in given) {
    if (!(names as readonly string[]).includes(name)) {
      const nearest = nearestName(name, names);
      throw new ArgumentError(
        `${op}: expected options { ${names.join(', ')} }, got one named ${name}. ${nearest ? `Did you mean ${nearest}?` : 'Correct the name, or leave it out.'}`,
      );
    }
  }
  return given;
}

/** Throws `ArgumentError` unless every one of `given` is a function. */
export function checkFunctions(op: string, ...given: readonly unknown[]): void {
  for (const f of given) {
    if (typeof f !== 'function') {
      throw new ArgumentError(`${op}: expected a function, got ${describe(f)}. Pass the function, not its result.`);
    }
  }
}

/** `given` itself; throws `ArgumentError` unless it is an array. */
export function checkedList<T>(op: string, what: string, given: readonly T[]): readonly T[] {
  if (Array.isArray(given)) return given;
  throw new ArgumentError(`${op}: expected ${what} as an array, got ${describe(given)}. Put it in brackets.`);
}

/** Throws `ArgumentError` unless `given` is one of `choices`. */
export function checkChoice(op: string, what: string, given: unknown, choices: readonly string[]): void {
  if (choices.includes(given as string)) return;
  throw new ArgumentError(
    `${op}: expected ${what} to be one of ${choices.join(', ')}, got ${describe(given)}. Use one of these.`,
  );
}

/** Throws `ArgumentError` unless `given` is a number (NaN is none). */
export function checkNumber(op: string, what: string, given: unknown): void {
  if (typeof given === 'number' && !Number.isNaN(given)) return;
  throw new ArgumentError(`${op}: expected ${what} to be a number, got ${describe(given)}. Give a plain number.`);
}

/** `given` itself, the number `what`. Throws `ArgumentError` unless it is a whole number of at least `least`. */
export function checkedWhole(what: string, given: number, least = 1): number {
  if (Number.isSafeInteger(given) && given >= least) return given;
  throw new ArgumentError(
    `${what} must be a whole number of at least ${least}, got ${describe(given)}. Give such a number.`,
  );
}

const looksLikeTensor = (given: unknown): boolean =>
  Array.isArray((given as { shape?: unknown } | null | undefined)?.shape);

/** Throws `ArgumentError` unless `given` is a tensor. */
export function checkTensor(op: string, what: string, given: unknown): void {
  if (looksLikeTensor(given)) return;
  throw new ArgumentError(`${op}: expected ${what} as a tensor, got ${describe(given)}. Make one with tensor(…).`);
}

/** Throws a `Kind` of error unless what a function of the caller returned is a tensor. */
export function checkReturned(
  op: string,
  what: string,
  given: unknown,
  Kind: new (message: string) => Error = ShapeError,
): void {
  if (looksLikeTensor(given)) return;
  const kind =
    given instanceof Promise
      ? 'a promise: it cannot be asynchronous'
      : Array.isArray(given)
        ? 'an array'
        : given === null
          ? 'null'
          : typeof given;
  throw new Kind(`${op}: expected ${what} as a tensor, got ${kind}. Return what it computes from its arguments.`);
}
