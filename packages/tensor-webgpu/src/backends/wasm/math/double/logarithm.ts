import type { Doubles, Operand, Term } from '../lanes.ts';
import { logarithmCases } from '../logarithm.ts';
import { LN2_HIGH, LN2_LOW } from './exponential.ts';
import { cut, type Pair } from './pairs.ts';

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

/** 2/3 in two parts; the first has 26 bits, so that its products with others of 26 bits are exact. */
const TWO_THIRDS_HIGH = 0.6666666567325592;
const TWO_THIRDS_LOW = 9.934107462565104e-9;
/** The terms of artanh(s)/s after the second, times 3. */
const TRIPLED = HIGHER.map((coefficient) => 3 * coefficient);

/**
 * ln x of positive finite numbers to about 2⁻⁶³, in two parts of which the first has 26 bits. Numbers are cut to 26 bits where
 * their products are to be exact; no multiply-add, which an engine may or may not fuse, touches what that leaves.
 */
export function logPair(d: Doubles, x: Term): Pair {
  const { k, f } = decompose(d, x);
  const divisor = d.keep(d.add(f, 2));
  const inverse = d.keep(d.div(1, divisor));
  const s = d.keep(d.mul(f, inverse));
  // s = sHigh + sLow.
  const sHigh = cut(d, s);
  const divisorHigh = cut(d, divisor);
  const divisorLow = d.sub(f, d.sub(divisorHigh, 2));
  const rest = d.sub(d.sub(f, d.mul(sHigh, divisorHigh)), d.mul(sHigh, divisorLow));
  const sLow = d.keep(d.mul(rest, inverse));
  // ln(1 + f) = ⅔ s (3 + s² + …) = ⅔ s q.
  const square = d.keep(d.mul(sHigh, sHigh));
  const z = d.keep(d.mul(s, s));
  const higher = d.mul(d.mul(z, z), d.polynomial(z, TRIPLED));
  const beyond = d.keep(d.add(d.mul(sLow, d.add(sHigh, s)), higher));
  const qHigh = cut(d, d.add(d.add(square, 3), beyond));
  const qLow = d.keep(d.sub(beyond, d.sub(d.sub(qHigh, 3), square)));
  const leading = d.keep(d.mul(sHigh, qHigh));
  const trailing = d.keep(d.add(d.mul(sLow, qHigh), d.mul(qLow, s)));
  const productHigh = cut(d, d.add(leading, trailing));
  const productLow = d.sub(trailing, d.sub(productHigh, leading));
  const nearHigh = d.keep(d.mul(productHigh, TWO_THIRDS_HIGH));
  const nearLow = d.add(d.mul(productHigh, TWO_THIRDS_LOW), d.mul(productLow, 2 / 3));
  const power = d.keep(d.mul(k, LN2_HIGH));
  const small = d.keep(d.add(nearLow, d.mul(k, LN2_LOW)));
  const high = cut(d, d.add(d.add(nearHigh, small), power));
  return { high, low: d.keep(d.sub(small, d.sub(d.sub(high, power), nearHigh))) };
}
