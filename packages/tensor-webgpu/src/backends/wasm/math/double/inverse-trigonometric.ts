import type { Doubles, Term } from '../lanes.ts';

/** Minimax fit of (arctan(t)/t − 1)/t² in t² on |t| ≤ tan(π/8), relative error 2⁻⁵⁸. */
const ARCTAN = [
  -0.33333333333333326, 0.1999999999999769, -0.14285714285390452, 0.11111111088330869, -0.09090908150074875,
  0.07692282884518527, -0.06666228621523503, 0.058770400994829566, -0.05218522461154612, 0.045040304736778294,
  -0.03348567583100559, 0.015206565705302237,
];
const EIGHTH_TURN = Math.SQRT2 - 1;
/** What π, π/2 and π/4 have beyond their doubles. */
const PI_LOW = 1.2246467991473532e-16;

/** An angle of [0, π/4], plus what its constant part has beyond a double. */
function octant(d: Doubles, shorter: Term, longer: Term): { turned: Term; small: Term } {
  const turned = d.keep(d.lt(d.mul(longer, EIGHTH_TURN), shorter));
  const above = d.select(turned, d.sub(shorter, longer), shorter);
  const below = d.select(turned, d.add(shorter, longer), longer);
  const u = d.keep(d.div(above, below));
  const z = d.keep(d.mul(u, u));
  return { turned, small: d.keep(d.madd(d.mul(u, z), d.polynomial(z, ARCTAN), u)) };
}

/** The angle of the point (x, y), with all cases of IEEE's atan2. */
export function atan2(d: Doubles, y: Term, x: Term): Term {
  const ax = d.keep(d.abs(x));
  const ay = d.keep(d.abs(y));
  const steep = d.keep(d.lt(ax, ay));
  const long = d.keep(d.select(steep, ay, ax));
  const short = d.keep(d.select(steep, ax, ay));
  // Neither sums nor quotients may overflow or vanish.
  const scale = d.keep(d.select(d.lt(2 ** 1000, long), 2 ** -100, d.select(d.lt(long, 2 ** -900), 2 ** 120, 1)));
  const infinite = d.keep(d.eq(ax, ay));
  const longer = d.keep(d.select(d.or(infinite, d.eq(long, 0)), 1, d.mul(long, scale)));
  const shorter = d.keep(d.select(d.eq(long, 0), 0, d.select(infinite, 1, d.mul(short, scale))));
  const { turned, small } = octant(d, shorter, longer);
  const left = d.keep(d.shiftRightSigned(x, 63));
  // angle = base ± small: the base is a multiple of π/4, added with its low part.
  const flipped = d.keep(d.xor(steep, left));
  const oriented = d.keep(d.xor(small, d.and(flipped, -0)));
  const quarter = d.select(turned, Math.PI / 4, 0);
  const upper = d.select(turned, Math.PI / 4, Math.PI / 2);
  const flat = d.select(left, d.select(turned, (3 * Math.PI) / 4, Math.PI), quarter);
  const upright = d.select(left, d.select(turned, (3 * Math.PI) / 4, Math.PI / 2), upper);
  const base = d.keep(d.select(steep, upright, flat));
  const angle = d.add(base, d.madd(base, PI_LOW / Math.PI, oriented));
  return d.select(d.and(d.eq(x, x), d.eq(y, y)), d.copySign(angle, y), NaN);
}

/** arctan x. */
export function atan(d: Doubles, x: Term): Term {
  const magnitude = d.keep(d.abs(x));
  const steep = d.keep(d.lt(1, magnitude));
  const short = d.keep(d.select(steep, 1, magnitude));
  const long = d.keep(d.select(steep, d.atMost(magnitude, 2 ** 1000), 1));
  const { turned, small } = octant(d, short, long);
  const base = d.keep(d.select(turned, Math.PI / 4, d.select(steep, Math.PI / 2, 0)));
  const oriented = d.xor(small, d.and(steep, -0));
  return d.copySign(d.add(base, d.madd(base, PI_LOW / Math.PI, oriented)), x);
}

/** √((1 − x)(1 + x)), the other side of a right angle of hypotenuse 1. */
const otherSide = (d: Doubles, x: Term): Term => d.keep(d.sqrt(d.mul(d.sub(1, x), d.add(x, 1))));

/** arcsin x. */
export const asin = (d: Doubles, x: Term, angle: (y: Term, x: Term) => Term): Term => angle(x, otherSide(d, x));

/** arccos x. */
export const acos = (d: Doubles, x: Term, angle: (y: Term, x: Term) => Term): Term => angle(otherSide(d, x), x);
