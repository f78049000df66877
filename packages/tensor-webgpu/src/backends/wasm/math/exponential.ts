import type { Floats, Term } from './lanes.ts';

/** Adding 1.5·2²³ rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 23;
/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact. */
const LN2_HIGH = 355 / 512;
const LN2_LOW = -2.1219444e-4;
/** Minimax fit of (eʳ − 1 − r)/r² on |r| ≤ ln(2)/2, relative error 2⁻²⁶ of eʳ − 1. */
const EXPM1 = [0.49999997, 0.166665435, 0.0416675173, 0.00836657081, 0.00138633302];
/** Minimax fit of (ln(1 + e)/t − 1)/t² in t², with t = 2e/(2 + e) and e in [0, 1]: relative error 2⁻²⁸. */
const LOG1P = [0.0833330154, 0.0125067923, 0.00218739547, 0.000547390431];

const ONE = 0x3f800000;
const SIGN = 0x80000000;
/** Below this, eˣ rounds to 0; above the other, it overflows. */
const LOWEST = -104;
const HIGHEST = 89;
/** Up to here, with either sign, eˣ and its power of two are normal numbers. */
const MODEST = 87;
/** From here on tanh rounds to 1. */
const TANH_SATURATION = 9.1;
/** Powers of two for x < 0 are built 2³² too large, so that those of denormal results are normal, too. */
const NEGATIVE_SHIFT = 32;

/** Splits x = n·ln 2 + r: gives n in the low bits of `rounded` (plus `shift`), n, and eʳ − 1. */
function split(v: Floats, x: Term, shift: number): { rounded: Term; expm1: Term } {
  const rounder = ROUNDER + shift;
  const rounded = v.keep(v.madd(x, Math.LOG2E, rounder));
  const n = v.keep(v.sub(rounded, rounder));
  const r = v.keep(v.nmadd(n, LN2_LOW, v.nmadd(n, LN2_HIGH, x)));
  return { rounded, expm1: v.madd(v.mul(r, r), v.polynomial(r, EXPM1), r) };
}

/** eˣ. Beyond ±87 the power of two is applied in two factors, so that overflow and denormal results round as they should. */
export function exp(v: Floats, x: Term): Term {
  return v.unlessAny(
    v.lt(MODEST, v.abs(x)),
    () => expOfModest(v, x),
    () => expOfAny(v, x),
  );
}

function expOfAny(v: Floats, x: Term): Term {
  const bounded = v.keep(v.atLeast(v.atMost(x, HIGHEST), LOWEST));
  const { rounded, expm1 } = split(v, bounded, 0);
  const bias = v.keep(
    v.select(v.shiftRightSigned(bounded, 31), v.bits(ONE + (NEGATIVE_SHIFT << 23)), v.bits(ONE - (1 << 23))),
  );
  const scale = v.intAdd(v.shiftLeft(rounded, 23), bias);
  return v.mul(v.mul(v.add(expm1, 1), scale), v.intSub(v.bits(2 * ONE), bias));
}

/** eˣ for |x| ≤ 87, where one factor serves as the power of two. */
export function expOfModest(v: Floats, x: Term): Term {
  const { rounded, expm1 } = split(v, x, 0);
  return v.mul(v.add(expm1, 1), v.intAdd(v.shiftLeft(rounded, 23), v.bits(ONE)));
}

/** −|x|, not below the bound where its exponential vanishes. */
const negativeMagnitude = (v: Floats, x: Term): Term => v.keep(v.atLeast(v.or(x, v.bits(SIGN)), LOWEST));

/** exp(−|x|) in (0, 1]. */
function expOfNegativeMagnitude(v: Floats, x: Term): Term {
  const { rounded, expm1 } = split(v, negativeMagnitude(v, x), NEGATIVE_SHIFT);
  const scale = v.intAdd(v.shiftLeft(rounded, 23), v.bits(ONE));
  return v.keep(v.mul(v.mul(v.add(expm1, 1), scale), 2 ** -NEGATIVE_SHIFT));
}

/** The least number whose exponential, as computed here, is no less than 2⁻¹²⁶, the least normal number. */
const LEAST_NORMAL = -87.33654;

/** exp(−|x|), or 0 where that is below the normal numbers, which no instruction then meets. */
function normalExpOfNegativeMagnitude(v: Floats, x: Term): Term {
  const magnitude = v.keep(v.or(x, v.bits(SIGN)));
  const { rounded, expm1 } = split(v, v.keep(v.atLeast(magnitude, LEAST_NORMAL)), 0);
  const scale = v.intAdd(v.shiftLeft(rounded, 23), v.bits(ONE));
  return v.keep(v.andNot(v.mul(v.add(expm1, 1), scale), v.lt(magnitude, LEAST_NORMAL)));
}

/** tanh |x| = −E/(E + 2) with E = exp(−2|x|) − 1, which needs no case for small x. */
export function tanh(v: Floats, x: Term): Term {
  const doubled = v.keep(v.atLeast(v.or(v.add(x, x), v.bits(SIGN)), -2 * TANH_SATURATION));
  const { rounded, expm1 } = split(v, doubled, 0);
  const scale = v.keep(v.intAdd(v.shiftLeft(rounded, 23), v.bits(ONE)));
  const numerator = v.keep(v.madd(expm1, scale, v.sub(scale, 1)));
  return v.copySign(v.div(numerator, v.add(numerator, 2)), x);
}

/** Below this t³ is less than half of what the last digit of t counts. */
const NO_CUBE = 2 ** -30;

/** 1/(1 + e) for x ≥ 0, and e/(1 + e) below. */
function sigmoidFrom(v: Floats, x: Term, e: Term): Term {
  return v.div(v.select(v.shiftRightSigned(x, 31), e, 1), v.add(e, 1));
}

function softplusFrom(v: Floats, x: Term, e: Term): Term {
  const t = v.keep(v.mul(e, v.div(2, v.add(e, 2))));
  // Of a small t nothing is left of t³, and powers below the normal numbers take most processors a hundred times as long.
  const large = v.keep(v.andNot(t, v.lt(t, NO_CUBE)));
  const z = v.keep(v.mul(large, large));
  return v.add(v.madd(v.mul(t, z), v.polynomial(z, LOG1P), t), v.atLeast(x, 0));
}

/** 1/(1 + e⁻ˣ), with exp(−|x|) only, so that neither tail loses digits. */
export function sigmoid(v: Floats, x: Term): Term {
  return sigmoidFrom(v, x, expOfNegativeMagnitude(v, x));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + exp(−|x|)). */
export function softplus(v: Floats, x: Term): Term {
  return softplusFrom(v, x, expOfNegativeMagnitude(v, x));
}

/** softplus and its derivative sigmoid with one exponential. */
export function softplusSigmoid(v: Floats, x: Term): [Term, Term] {
  const e = expOfNegativeMagnitude(v, x);
  return [v.keep(softplusFrom(v, x, e)), sigmoidFrom(v, x, e)];
}

/** eˣ, or 0 where that is below the normal numbers. */
export function normalExp(v: Floats, x: Term): Term {
  return v.andNot(exp(v, v.keep(v.atLeast(x, LEAST_NORMAL))), v.lt(x, LEAST_NORMAL));
}

/** The same of 1/(1 + e⁻ˣ). */
export function normalSigmoid(v: Floats, x: Term): Term {
  return sigmoidFrom(v, x, normalExpOfNegativeMagnitude(v, x));
}

/** The same of ln(1 + eˣ). */
export function normalSoftplus(v: Floats, x: Term): Term {
  return softplusFrom(v, x, normalExpOfNegativeMagnitude(v, x));
}

/** The same of both. */
export function normalSoftplusSigmoid(v: Floats, x: Term): [Term, Term] {
  const e = normalExpOfNegativeMagnitude(v, x);
  return [v.keep(softplusFrom(v, x, e)), sigmoidFrom(v, x, e)];
}
