import type { Doubles, Operand, Term } from '../lanes.ts';
import { logarithmCases } from '../logarithm.ts';
import { LN2_HIGH, LN2_LOW } from './exponential.ts';
import { orderedSum, type Pair, plus, product, sum } from './pairs.ts';

/** Minimax fit of (artanh(s)/s − 1 − s²/3)/s⁴ in s² on |s| ≤ 0.1716, relative error 2⁻⁶⁶. */
const HIGHER = [
  0.20000000000001128, 0.14285714285049805, 0.11111111259954481, 0.09090892184301226, 0.07693378630380572,
  0.06628409658670531, 0.06598157693407901,
];
const ARTANH = [1 / 3, ...HIGHER];

const ONE = 0x3ff0000000000000n;
const SQRT_HALF = 0x3fe6a09e667f3bcdn;
const SMALLEST_NORMAL = 2 ** -1022;
/** Denormal arguments are first multiplied by two to this power. */
const DENORMAL_SHIFT = 54;
/** An integer below 2⁵² in the low bits of 2⁵² adds itself to it. */
const INTEGERS = 2 ** 52;
const INTEGERS_BITS = 0x4330000000000000n;
const BIAS = 1023;

/** x = 2ᵏ (1 + f) with 1 + f in [√½, √2). */
function decompose(d: Doubles, x: Term): { k: Term; f: Term } {
  const tiny = d.keep(d.lt(x, SMALLEST_NORMAL));
  const normal = d.keep(d.select(tiny, d.mul(x, 2 ** DENORMAL_SHIFT), x));
  const exponent = d.keep(d.shiftRight(d.intAdd(normal, d.bits(ONE - SQRT_HALF)), 52));
  const f = d.keep(d.sub(d.intAdd(d.intSub(normal, d.shiftLeft(exponent, 52)), d.bits(ONE)), 1));
  const bias = d.select(tiny, INTEGERS + BIAS + DENORMAL_SHIFT, INTEGERS + BIAS);
  return { k: d.keep(d.sub(d.or(exponent, d.bits(INTEGERS_BITS)), bias)), f };
}

/** ln x + correction, for a correction below the last place of the logarithm (or of x, near 1). */
function corrected(d: Doubles, x: Term, correction: Operand): Term {
  const { k, f } = decompose(d, x);
  const s = d.keep(d.div(f, d.add(f, 2)));
  const z = d.keep(d.mul(s, s));
  const halfSquare = d.keep(d.mul(d.mul(f, f), 0.5));
  const series = d.mul(d.add(z, z), d.polynomial(z, ARTANH));
  const low = correction === 0 ? d.mul(k, LN2_LOW) : d.madd(k, LN2_LOW, correction);
  const small = d.madd(s, d.add(halfSquare, series), low);
  // ln(1 + f) = f − f²/2 + s (f²/2 + …): the leading terms are added last.
  return d.sub(d.mul(k, LN2_HIGH), d.sub(d.sub(halfSquare, small), f));
}

/** ln x. */
export const log = (d: Doubles, x: Term): Term => logarithmCases(d, x, corrected(d, x, 0));

/** Up to here ln(1 + x) rounds to x. */
const TINY = 2 ** -54;

/** ln(1 + x), with what rounding took from 1 + x given back. */
export function log1p(d: Doubles, x: Term): Term {
  const u = d.keep(d.add(x, 1));
  const near = d.sub(x, d.sub(u, 1));
  const far = d.sub(1, d.sub(u, x));
  const lost = d.div(d.select(d.lt(x, 1), near, far), u);
  const ordinary = d.and(d.lt(0, u), d.lt(u, Infinity));
  const logarithm = d.keep(corrected(d, u, d.keep(d.select(ordinary, lost, 0))));
  return d.select(d.lt(d.abs(x), TINY), x, logarithmCases(d, u, logarithm));
}

/** What rounding took from 1/3. */
const THIRD_LOW = 2 ** -54 / 3;

/** ln x of positive finite numbers to about 2⁻⁶⁵. */
export function logPair(d: Doubles, x: Term): Pair {
  const { k, f } = decompose(d, x);
  // s = f/(2 + f) to twice the precision.
  const divisor = orderedSum(d, d.keep(2), f);
  const quotient = d.keep(d.div(f, divisor.high));
  const back = product(d, quotient, divisor.high);
  const rest = d.sub(d.sub(d.sub(f, back.high), back.low), d.mul(quotient, divisor.low));
  const s = orderedSum(d, quotient, d.keep(d.div(rest, divisor.high)));
  const square = product(d, s.high, s.high);
  const z = plus(d, square, d.mul(d.mul(s.high, s.low), 2));
  // artanh(s)/s = 1 + z/3 + z² P(z), of which only z/3 needs more than a double.
  const third = product(d, z.high, d.keep(1 / 3));
  const rounding = d.add(d.mul(z.low, 1 / 3), d.mul(z.high, THIRD_LOW));
  const higher = d.mul(d.mul(z.high, z.high), d.polynomial(z.high, HIGHER));
  const factor = plus(d, third, d.add(rounding, higher));
  const turned = product(d, s.high, factor.high);
  const small = d.add(d.add(d.mul(s.high, factor.low), d.mul(s.low, factor.high)), turned.low);
  const half = plus(d, orderedSum(d, s.high, turned.high), d.add(s.low, small));
  const logarithm = sum(d, d.keep(d.mul(k, LN2_HIGH)), d.keep(d.mul(half.high, 2)));
  return plus(d, logarithm, d.add(d.mul(half.low, 2), d.mul(k, LN2_LOW)));
}
