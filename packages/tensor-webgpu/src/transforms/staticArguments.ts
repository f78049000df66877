import { checkedList, describe } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';

const identities = new WeakMap<object, number>();
const symbols = new Map<symbol, number>();
let nextIdentity = 0;

function identity<K>(known: { get(key: K): number | undefined; set(key: K, id: number): unknown }, key: K): number {
  let id = known.get(key);
  if (id === undefined) {
    id = nextIdentity++;
    known.set(key, id);
  }
  return id;
}

/**
 * A static argument in a key, as a text that no other value shares: primitives by value (0 and -0 apart), objects,
 * functions and symbols by identity.
 */
export function staticKey(value: unknown): string {
  if (Object.is(value, -0)) return 'number:-0';
  if (typeof value === 'symbol') return `#${identity(symbols, value)}`;
  if ((typeof value === 'object' && value !== null) || typeof value === 'function')
    return `#${identity(identities, value)}`;
  return `${typeof value}:${String(value)}`;
}

/** Positions of arguments, given as an option; throws `ArgumentError` unless they are a list of whole numbers. */
export function checkedPositions(what: string, given: readonly number[] = []): readonly number[] {
  for (const n of checkedList(what, 'the positions of arguments', given)) {
    if (!Number.isInteger(n) || n < 0)
      throw new ArgumentError(`${what}: expected positions of arguments, 0 for the first, got ${describe(n)}.`);
  }
  return given;
}
