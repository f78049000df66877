import type { Doubles, Term } from '../lanes.ts';

/** A number as the unevaluated sum of two doubles, the second below the last place of the first. */
export interface Pair {
  readonly high: Term;
  readonly low: Term;
}

/** Splits a double of 53 bits in two of 26. */
const SPLITTER = 2 ** 27 + 1;

function halves(d: Doubles, x: Term): Pair {
  const scaled = d.keep(d.mul(x, SPLITTER));
  const high = d.keep(d.sub(scaled, d.sub(scaled, x)));
  return { high, low: d.keep(d.sub(x, high)) };
}

/**
 * The product of two doubles without error (Dekker, "A floating-point technique for extending the available precision",
 * 1971), for kept terms of less than 2⁹⁹⁶. No multiply-add, which an engine may or may not fuse.
 */
export function product(d: Doubles, a: Term, b: Term): Pair {
  const high = d.keep(d.mul(a, b));
  const x = halves(d, a);
  const y = halves(d, b);
  const first = d.sub(d.mul(x.high, y.high), high);
  const rest = d.add(d.add(d.add(first, d.mul(x.high, y.low)), d.mul(x.low, y.high)), d.mul(x.low, y.low));
  return { high, low: d.keep(rest) };
}

/** a + b without error for kept terms with |a| ≥ |b|, or a = 0. */
export function orderedSum(d: Doubles, a: Term, b: Term): Pair {
  const high = d.keep(d.add(a, b));
  return { high, low: d.keep(d.sub(b, d.sub(high, a))) };
}

/** a + b without error for kept terms (Knuth). */
export function sum(d: Doubles, a: Term, b: Term): Pair {
  const high = d.keep(d.add(a, b));
  const taken = d.keep(d.sub(high, a));
  return { high, low: d.keep(d.add(d.sub(a, d.sub(high, taken)), d.sub(b, taken))) };
}

/** Leaves the 26 leading bits of a double. */
const LEADING_BITS = 0xfffffffff8000000n;

/** A term cut to 26 bits: the product of two such numbers is exact. */
export const cut = (d: Doubles, x: Term): Term => d.keep(d.and(x, d.bits(LEADING_BITS)));
