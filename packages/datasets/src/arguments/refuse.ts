import { type ArgumentErrorClass, DataArgumentError } from './argumentError.ts';

/** The longest quote of a text in a message. */
const LONGEST_QUOTE = 40;

/** A value as a message shows it: short, and never a failure of its own. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return `'${value.slice(0, LONGEST_QUOTE)}${value.length > LONGEST_QUOTE ? '...' : ''}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const { constructor, length } = value as { constructor?: { name?: string }; length?: unknown };
  return `an object (${constructor?.name ?? 'without a class'}${typeof length === 'number' ? ` of ${length}` : ''})`;
}

/** Throws the error for an argument that is something else than expected. */
export function refuse(
  op: string,
  expected: string,
  given: unknown,
  remedy: string,
  Kind: ArgumentErrorClass = DataArgumentError,
): never {
  const promised = typeof (given as PromiseLike<unknown> | undefined | null)?.then === 'function';
  throw new Kind(`${op}: expected ${expected}, given ${describe(given)}. ${promised ? 'Await it first.' : remedy}`);
}
