import type { Doubles, Operand, Term } from '../lanes.ts';

/** Adding 1.5·2⁵² rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 52;
/** ln 2 in two parts; the first has 32 bits, so that its products with exponents are exact. */
export const LN2_HIGH = 0.6931471803691238;
export const LN2_LOW = 1.9082149292705877e-10;
/** Minimax fit of (eʳ − 1 − r)/r² on |r| ≤ ln(2)/2, relative error 2⁻⁵⁶ of eʳ − 1. */
const EXPM1 = [
  0.5000000000000001, 0.1666666666666667, 0.04166666666665192, 0.00833333333332602, 0.001388888889576611,
  0.0001984126987523932, 0.000024801574226071134, 0.0000027557254856692083, 2.756817858964743e-7, 2.5105447187696895e-8,
  1.7614224778131915e-9,
];

const ONE = 0x3ff0000000000000n;
const EXPONENT = 1n << 52n;
/** Beyond these eˣ is 0 or ∞; with one more power of two for its half. */
const LOWEST = -746;
const HIGHEST = 711;
/** Powers of two for x < 0 are built 2⁶⁴ too large, so that those of denormal results are normal, too. */
const NEGATIVE_SHIFT = 64n;

/** x + tail = n·ln 2 + r: n in the low bits of `rounded`, and eʳ − 1. */
function split(d: Doubles, x: Term, tail: Operand): { rounded: Term; expm1: Term } {
  const rounded = d.keep(d.madd(x, Math.LOG2E, ROUNDER));
  const n = d.keep(d.sub(rounded, ROUNDER));
  const rest = d.nmadd(n, LN2_LOW, d.nmadd(n, LN2_HIGH, x));
  const r = d.keep(tail === 0 ? rest : d.add(rest, tail));
  return { rounded, expm1: d.madd(d.mul(r, r), d.polynomial(r, EXPM1), r) };
}

/** eˣ·2⁻ʰ with its power of two in two factors, so that overflow and denormal results round as they should. */
function scaled(d: Doubles, x: Term, tail: Operand, halvings: bigint): Term {
  const bounded = d.keep(d.atLeast(d.atMost(x, HIGHEST), LOWEST));
  const { rounded, expm1 } = split(d, bounded, tail);
  const positive = ONE - EXPONENT * 2n;
  const negative = ONE + EXPONENT * NEGATIVE_SHIFT;
  const bias = d.keep(d.select(d.shiftRightSigned(bounded, 63), d.bits(negative), d.bits(positive)));
  const scale = d.intAdd(d.shiftLeft(rounded, 52), bias);
  const rest = d.intSub(d.bits(2n * ONE - EXPONENT * halvings), bias);
  return d.mul(d.mul(d.add(expm1, 1), scale), rest);
}

/** eˣ. */
export const exp = (d: Doubles, x: Term): Term => scaled(d, x, 0, 0n);

/** eˣ/2, finite up to where cosh is. */
export const halfExp = (d: Doubles, x: Term): Term => scaled(d, x, 0, 1n);

/** e^(x + tail) for a tail below the last place of x, which counts where the result is neither 0 nor ∞. */
export const expOfPair = (d: Doubles, x: Term, tail: Term): Term =>
  scaled(d, x, d.and(tail, d.lt(d.abs(x), -LOWEST)), 0n);

/** Up to here eˣ − 1 rounds to x. */
const TINY = 2 ** -54;
/** From here on the 1 is below half a place of eˣ. */
const LARGE = 40;

/** eˣ − 1. */
export function expm1(d: Doubles, x: Term, whole: (x: Term) => Term): Term {
  const bounded = d.keep(d.atLeast(d.atMost(x, LARGE), -LARGE));
  const { rounded, expm1: rest } = split(d, bounded, 0);
  const scale = d.keep(d.intAdd(d.shiftLeft(rounded, 52), d.bits(ONE)));
  const moderate = d.keep(d.madd(rest, scale, d.sub(scale, 1)));
  const result = d.variable();
  result.set(d.select(d.lt(d.abs(x), TINY), x, moderate));
  const large = d.keep(d.lt(LARGE, x));
  d.whenAny(large, () => result.set(d.select(large, whole(x), result.get)));
  return result.get;
}

/** exp(−|x|) from a function for exponentials. */
const ofNegativeMagnitude = (d: Doubles, x: Term, exponential: (x: Term) => Term): Term =>
  exponential(d.keep(d.or(x, -0)));

/** 1/(1 + e⁻ˣ), with exp(−|x|) only, so that neither tail loses digits. */
export function sigmoid(d: Doubles, x: Term, exponential: (x: Term) => Term): Term {
  const e = ofNegativeMagnitude(d, x, exponential);
  return d.div(d.select(d.shiftRightSigned(x, 63), e, 1), d.add(e, 1));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + exp(−|x|)). */
export function softplus(d: Doubles, x: Term, exponential: (x: Term) => Term, logarithm: (x: Term) => Term): Term {
  return d.add(logarithm(ofNegativeMagnitude(d, x, exponential)), d.atLeast(x, 0));
}
