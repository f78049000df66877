import type { Doubles, Term } from './lanes.ts';
import { logarithmCases } from './logarithm.ts';

/** Adding 1.5·2⁵² rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 52;
/** ln 2 in two parts; the first has 32 bits, so that its products with exponents are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** Minimax fit of (eʳ − 1 − r)/r² on |r| ≤ ln(2)/2, relative error 2⁻⁴³ of eʳ − 1. */
const EXPM1 = [
  0.49999999999809336, 0.16666666666871027, 0.041666666886112716, 0.0083333332458236, 0.001388882223813089,
  0.00019841359803473256, 2.4875981267240777e-5, 2.7560807598259735e-6,
];
/** Minimax fit of (artanh(s)/s − 1)/s² in s² on |s| ≤ 0.1717, relative error 2⁻⁵². */
const ARTANH = [
  0.3333333333329322, 0.20000000026343664, 0.1428570852891729, 0.1111168854905351, 0.09061729544121061,
  0.08411059195326996,
];
/** Minimax fit of (arctan(t)/t − 1)/t² in t² on |t| ≤ tan(π/8), relative error 2⁻⁴⁵. */
const ARCTAN = [
  -0.33333333331691867, 0.19999999684755163, -0.14285693548463702, 0.1111044875486567, -0.09079120752739861,
  0.0756841362181698, -0.05890569363026509, 0.030887068911896274,
];

const ONE = 0x3ff0000000000000n;
const SQRT_HALF = 0x3fe6a09e667f3bcdn;
/** An integer below 2⁵² in the low bits of 2⁵² adds itself to it. */
const INTEGERS = 2 ** 52;
const INTEGERS_BITS = 0x4330000000000000n;
const BIAS = 1023;
/** Beyond ±700 an exponential is 0 or ∞ as a float, and still finite as a double. */
const EXP_RANGE = 700;

function split(d: Doubles, x: Term): { expm1: Term; scale: Term } {
  const bounded = d.keep(d.atLeast(d.atMost(x, EXP_RANGE), -EXP_RANGE));
  const rounded = d.keep(d.madd(bounded, Math.LOG2E, ROUNDER));
  const n = d.keep(d.sub(rounded, ROUNDER));
  const r = d.keep(d.nmadd(n, LN2_LOW, d.nmadd(n, LN2_HIGH, bounded)));
  const expm1 = d.madd(d.mul(r, r), d.polynomial(r, EXPM1), r);
  return { expm1, scale: d.keep(d.intAdd(d.shiftLeft(rounded, 52), d.bits(ONE))) };
}

/** eˣ to 2⁻⁴³, with x cut to ±700. */
export function exp64(d: Doubles, x: Term): Term {
  const { expm1, scale } = split(d, x);
  return d.mul(d.add(expm1, 1), scale);
}

/** eˣ − 1 to 2⁻⁴², with x cut to ±700; a zero loses its sign. */
export function expm1In64(d: Doubles, x: Term): Term {
  const { expm1, scale } = split(d, x);
  return d.madd(expm1, scale, d.sub(scale, 1));
}

/** ln x to 2⁻⁵⁰, with the cases of IEEE; x is 0 or not denormal. */
export function log64(d: Doubles, x: Term): Term {
  const exponent = d.keep(d.shiftRight(d.intAdd(x, d.bits(ONE - SQRT_HALF)), 52));
  const f = d.keep(d.sub(d.intAdd(d.intSub(x, d.shiftLeft(exponent, 52)), d.bits(ONE)), 1));
  const k = d.keep(d.sub(d.or(exponent, d.bits(INTEGERS_BITS)), INTEGERS + BIAS));
  const s = d.keep(d.div(f, d.add(f, 2)));
  const square = d.keep(d.mul(s, s));
  const twice = d.keep(d.add(s, s));
  const small = d.madd(d.mul(twice, square), d.polynomial(square, ARTANH), d.madd(k, LN2_LOW, twice));
  return logarithmCases(d, x, d.madd(k, LN2_HIGH, small));
}

/** Up to here two terms of the series of ln(1 + x) are exact to 2⁻⁴¹. */
const LOG1P_SERIES = 2 ** -20;

/** ln(1 + x) to 2⁻³² at least. */
export function log1p64(d: Doubles, x: Term): Term {
  const logarithm = log64(d, d.keep(d.add(x, 1)));
  return d.select(d.lt(d.abs(x), LOG1P_SERIES), d.nmadd(d.mul(x, 0.5), x, x), logarithm);
}

/** The angle of the point (x, y) to 2⁻⁴⁴, with all cases of IEEE's atan2 for operands that were floats. */
export function atan2In64(d: Doubles, y: Term, x: Term): Term {
  const ax = d.keep(d.abs(x));
  const ay = d.keep(d.abs(y));
  const steep = d.keep(d.lt(ax, ay));
  const longer = d.keep(d.select(steep, ay, ax));
  const shorter = d.select(steep, ax, ay);
  // 0/0 counts as 0, and ∞/∞ as 1.
  const t = d.keep(d.select(d.eq(longer, 0), 0, d.select(d.eq(ax, ay), 1, d.div(shorter, longer))));
  const turned = d.keep(d.lt(Math.SQRT2 - 1, t));
  const u = d.keep(d.select(turned, d.div(d.sub(t, 1), d.add(t, 1)), t));
  const square = d.keep(d.mul(u, u));
  const arctan = d.madd(d.mul(u, square), d.polynomial(square, ARCTAN), u);
  const flat = d.keep(d.add(arctan, d.select(turned, Math.PI / 4, 0)));
  const upright = d.keep(d.select(steep, d.sub(Math.PI / 2, flat), flat));
  const left = d.shiftRightSigned(x, 63);
  const angle = d.copySign(d.select(left, d.sub(Math.PI, upright), upright), y);
  return d.select(d.and(d.eq(x, x), d.eq(y, y)), angle, NaN);
}
