import type { Callable } from '../../assembler/index.ts';
import type { Doubles, Term } from '../lanes.ts';
import { sum } from './pairs.ts';

/** Minimax fit of (sin r/r − 1)/r² in r² on |r| ≤ π/4, relative error 2⁻⁵⁷ of sin r. */
const SIN = [
  -0.16666666666666666, 0.008333333333333323, -0.0001984126984125512, 0.0000027557319214218933, -2.5052104919145268e-8,
  1.6058367607007875e-10, -7.578747241447679e-13,
];
/** Minimax fit of (cos r − 1 + r²/2)/r⁴ in r² on |r| ≤ π/4, error 2⁻⁶⁰ of cos r. */
const COS = [
  0.0416666666666666, -0.0013888888888874127, 0.00002480158728948362, -2.755731435274568e-7, 2.087572332942992e-9,
  -1.135965071493364e-11,
];
/** Up to here three parts of π/2 leave an exact remainder: the count of quarter turns has 11 bits. */
const MODERATE = 3000;
/** π/2 in parts of 42, 42 and 53 bits. */
const HALF_PI = [1.570796326794607, 2.8960739716218175e-13, 1.6446256936324258e-26] as const;
/** Adding 1.5·2⁵² rounds to an integer, which then stands in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 52;

/** |x| = q·π/2 + r: r in two parts, and q in the low bits. */
interface Reduced {
  readonly r: Term;
  readonly low: Term;
  readonly q: Term;
}

function quarterTurns(d: Doubles, x: Term, large: () => Callable): Reduced {
  const magnitude = d.keep(d.abs(x));
  const rounded = d.keep(d.add(d.mul(d.atMost(magnitude, MODERATE), 2 / Math.PI), ROUNDER));
  const n = d.keep(d.sub(rounded, ROUNDER));
  const [first, second, third] = HALF_PI;
  const start = d.keep(d.sub(magnitude, d.mul(n, first)));
  const middle = d.keep(d.neg(d.mul(n, second)));
  const next = sum(d, start, middle);
  const rest = d.keep(d.sub(next.low, d.mul(n, third)));
  const r = d.variable();
  const low = d.variable();
  const q = d.variable();
  r.set(d.add(next.high, rest));
  low.set(d.add(d.sub(next.high, r.get), rest));
  q.set(rounded);
  const far = d.keep(d.lt(MODERATE, magnitude));
  d.whenAny(far, () => {
    const [rFar, lowFar, qFar] = d.eachLane(large(), magnitude);
    r.set(d.select(far, rFar, r.get));
    low.set(d.select(far, lowFar, low.get));
    q.set(d.select(far, qFar, q.get));
  });
  return { r: r.get, low: low.get, q: q.get };
}

/** sin and cos of r + low with |r| ≤ π/4. */
function near(d: Doubles, r: Term, low: Term): { sine: Term; cosine: Term } {
  const z = d.keep(d.mul(r, r));
  const half = d.keep(d.mul(z, 0.5));
  const cubic = d.mul(d.mul(z, r), d.polynomial(z, SIN));
  const sine = d.keep(d.add(r, d.add(cubic, d.sub(low, d.mul(half, low)))));
  const rounded = d.keep(d.sub(1, half));
  const lost = d.sub(d.sub(1, rounded), half);
  const quartic = d.sub(d.mul(d.mul(z, z), d.polynomial(z, COS)), d.mul(r, low));
  return { sine, cosine: d.keep(d.add(rounded, d.add(lost, quartic))) };
}

function reduced(d: Doubles, x: Term, large: () => Callable) {
  const { r, low, q } = quarterTurns(d, x, large);
  // All ones where q is odd.
  return { ...near(d, r, low), q, odd: d.keep(d.shiftRightSigned(d.shiftLeft(q, 63), 63)) };
}

/** The bit of weight 2 of q as a sign. */
const signOfHalfTurn = (d: Doubles, q: Term): Term => d.and(d.shiftLeft(q, 62), -0);

/** sin x. */
export function sin(d: Doubles, x: Term, large: () => Callable): Term {
  const { sine, cosine, odd, q } = reduced(d, x, large);
  return d.xor(d.select(odd, cosine, sine), d.and(d.xor(d.shiftLeft(q, 62), x), -0));
}

/** cos x. */
export function cos(d: Doubles, x: Term, large: () => Callable): Term {
  const { sine, cosine, odd, q } = reduced(d, x, large);
  return d.xor(d.select(odd, sine, cosine), signOfHalfTurn(d, d.intSub(q, odd)));
}

/** tan x. */
export function tan(d: Doubles, x: Term, large: () => Callable): Term {
  const { sine, cosine, odd } = reduced(d, x, large);
  const ratio = d.div(d.select(odd, cosine, sine), d.select(odd, sine, cosine));
  return d.xor(ratio, d.and(d.xor(odd, x), -0));
}

/** sin πx and cos πx, exactly 0 and ±1 where they are. */
export function turnsOf(d: Doubles, x: Term): { sine: Term; cosine: Term } {
  const rounded = d.keep(d.nearest(d.add(x, x)));
  const rest = d.keep(d.sub(x, d.mul(rounded, 0.5)));
  const r = d.keep(d.mul(rest, Math.PI));
  const { sine, cosine } = near(d, r, d.keep(d.mul(rest, PI_LOW)));
  // rounded modulo 4, from 0 to 3.
  const q = d.keep(d.sub(rounded, d.mul(d.floor(d.mul(rounded, 0.25)), 4)));
  const odd = d.keep(d.or(d.eq(q, 1), d.eq(q, 3)));
  const flipped = (mask: Term): Term => d.and(mask, -0);
  return {
    sine: d.keep(d.xor(d.select(odd, cosine, sine), flipped(d.ge(q, 2)))),
    cosine: d.keep(d.xor(d.select(odd, sine, cosine), flipped(d.or(d.eq(q, 1), d.eq(q, 2))))),
  };
}

/** π less its double. */
const PI_LOW = 1.2246467991473532e-16;
