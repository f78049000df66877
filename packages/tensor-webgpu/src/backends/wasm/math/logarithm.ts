import type { Floats, Lanes, Operand, Term } from './lanes.ts';

/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact. */
const LN2_HIGH = 355 / 512;
const LN2_LOW = -2.1219444e-4;
/** Minimax fit of (ln(1 + f) − f + f²/2)/f³ for 1 + f in [√½, √2]: relative error 2⁻³⁰ of ln(1 + f). */
const LOG = [
  0.333333135, -0.250000119, 0.20002076, -0.166678578, 0.142201439, -0.124080665, 0.118868724, -0.116618641,
  0.0673286095,
];

const ONE = 0x3f800000;
const SQRT_HALF = 0x3f3504f3;
const SMALLEST_NORMAL = 2 ** -126;
const SMALLEST_NORMAL_BITS = 0x00800000;
/** So many floats are positive, normal and finite. */
const NORMALS = 0x7f800000 - SMALLEST_NORMAL_BITS;
/** Denormal arguments are first multiplied by two to this power. */
const DENORMAL_SHIFT = 25;
/** An integer below 2²³ in the low bits of this number adds itself to it. */
const INTEGERS = 2 ** 23;
const INTEGERS_BITS = 0x4b000000;
const BIAS = 127;

/** Puts in what a logarithm is outside (0, ∞): −∞ at ±0, ∞ at ∞, NaN below 0 and at NaN. */
export function logarithmCases(v: Lanes, x: Term, logarithm: Term): Term {
  const upTo = v.select(v.lt(x, Infinity), logarithm, x);
  return v.select(v.lt(0, x), upTo, v.select(v.eq(x, 0), -Infinity, NaN));
}

/** ln x = k·ln 2 + ln(1 + f) with 1 + f in [√½, √2), where x is positive, normal and finite; k comes by `bias` too large. */
function logOfNormal(v: Floats, x: Term, bias: Operand): Term {
  const exponent = v.keep(v.shiftRight(v.intAdd(x, v.bits(ONE - SQRT_HALF)), 23));
  const f = v.keep(v.sub(v.intAdd(v.intSub(x, v.shiftLeft(exponent, 23)), v.bits(ONE)), 1));
  const biased = v.sub(v.or(exponent, v.bits(INTEGERS_BITS)), INTEGERS + BIAS);
  const k = v.keep(bias === 0 ? biased : v.sub(biased, bias));
  const square = v.keep(v.mul(f, f));
  const cubic = v.mul(v.mul(f, square), v.polynomial(f, LOG));
  const small = v.nmadd(square, 0.5, v.madd(k, LN2_LOW, cubic));
  return v.madd(k, LN2_HIGH, v.add(f, small));
}

/** ln x. */
export function log(v: Floats, x: Term): Term {
  const beyond = v.bitsFrom(v.intSub(x, v.bits(SMALLEST_NORMAL_BITS)), v.bits(NORMALS));
  return v.unlessAny(
    beyond,
    () => logOfNormal(v, x, 0),
    () => {
      const tiny = v.keep(v.lt(x, SMALLEST_NORMAL));
      // The sum makes a zero of either sign positive.
      const normal = v.keep(v.select(tiny, v.madd(x, 2 ** DENORMAL_SHIFT, 0), x));
      const logarithm = v.keep(logOfNormal(v, normal, v.and(tiny, DENORMAL_SHIFT)));
      // Of 0 it is finite and negative so far, of ∞ finite and positive: both are twice what they are once.
      const endless = v.and(v.eq(v.add(x, x), x), Infinity);
      return v.or(v.madd(logarithm, endless, logarithm), v.ne(x, v.abs(x)));
    },
  );
}
