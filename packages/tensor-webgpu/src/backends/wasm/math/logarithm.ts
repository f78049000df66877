import type { Floats, Lanes, Term } from './lanes.ts';

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

/** ln x = k·ln 2 + ln(1 + f) with 1 + f in [√½, √2). */
export function log(v: Floats, x: Term): Term {
  const tiny = v.keep(v.lt(x, SMALLEST_NORMAL));
  const normal = v.keep(v.select(tiny, v.mul(x, 2 ** DENORMAL_SHIFT), x));
  const exponent = v.keep(v.shiftRight(v.intAdd(normal, v.bits(ONE - SQRT_HALF)), 23));
  const f = v.keep(v.sub(v.intAdd(v.intSub(normal, v.shiftLeft(exponent, 23)), v.bits(ONE)), 1));
  const k = v.keep(
    v.sub(v.or(exponent, v.bits(INTEGERS_BITS)), v.select(tiny, INTEGERS + BIAS + DENORMAL_SHIFT, INTEGERS + BIAS)),
  );
  const square = v.keep(v.mul(f, f));
  const cubic = v.mul(v.mul(f, square), v.polynomial(f, LOG));
  const small = v.nmadd(square, 0.5, v.madd(k, LN2_LOW, cubic));
  return logarithmCases(v, x, v.madd(k, LN2_HIGH, v.add(f, small)));
}
