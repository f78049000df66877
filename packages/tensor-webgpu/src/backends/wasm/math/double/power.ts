import { exp64, log64 } from '../doubles.ts';
import type { Doubles, Term } from '../lanes.ts';
import { expOfPair } from './exponential.ts';
import { logPair } from './logarithm.ts';
import { cut, orderedSum, product } from './pairs.ts';

/** Exponents whose size changes the power of no double but 1 any more; larger ones would leave the range of products. */
const LARGEST_EXPONENT = 2 ** 70;

/** xʸ = exp(y·ln|x|), the logarithm to twice the precision, with the cases of C's pow. */
export function pow(d: Doubles, x: Term, y: Term): Term {
  const size = d.keep(d.abs(x));
  const ordinary = d.keep(d.and(d.lt(0, size), d.lt(size, Infinity)));
  const logarithm = logPair(d, d.keep(d.select(ordinary, size, 1)));
  const exponent = d.keep(d.atLeast(d.atMost(y, LARGEST_EXPONENT), -LARGEST_EXPONENT));
  const exponentHigh = cut(d, exponent);
  const rest = d.add(d.mul(d.sub(exponent, exponentHigh), logarithm.high), d.mul(exponent, logarithm.low));
  const exact = orderedSum(d, d.keep(d.mul(exponentHigh, logarithm.high)), d.keep(rest));
  const finite = d.keep(expOfPair(d, exact.high, exact.low));
  // |x| is 0 or ∞: the power is one or the other, by the sign of y.
  const grows = d.xor(d.eq(size, 0), d.lt(0, y));
  const magnitude = d.keep(d.select(ordinary, finite, d.select(grows, Infinity, 0)));
  const whole = d.keep(d.eq(d.trunc(y), y));
  const half = d.keep(d.mul(y, 0.5));
  const odd = d.and(whole, d.ne(d.trunc(half), half));
  const signed = d.or(magnitude, d.and(d.and(x, odd), -0));
  // A finite negative base has real powers for whole exponents only.
  const finiteNegative = d.and(d.lt(x, 0), d.lt(-Infinity, x));
  const real = d.select(d.andNot(finiteNegative, whole), NaN, signed);
  const ordered = d.and(d.eq(x, x), d.eq(y, y));
  const alwaysOne = d.or(d.eq(y, 0), d.eq(x, 1));
  const turning = d.and(d.eq(x, -1), d.eq(d.abs(y), Infinity));
  return d.select(d.or(alwaysOne, turning), 1, d.select(ordered, real, NaN));
}

const SMALLEST_NORMAL = 2 ** -1022;

/** The real cube root: from exp(ln|x|/3), which 42 bits are right of, by a step of Halley's iteration. */
export function cbrt(d: Doubles, x: Term): Term {
  const size = d.keep(d.abs(x));
  const tiny = d.keep(d.lt(size, SMALLEST_NORMAL));
  const scaled = d.keep(d.select(tiny, d.mul(size, 2 ** 54), size));
  const ordinary = d.keep(d.and(d.lt(0, size), d.lt(size, Infinity)));
  const start = d.keep(exp64(d, d.keep(d.mul(log64(d, d.keep(d.select(ordinary, scaled, 1))), 1 / 3))));
  // The error of start³ without rounding, so that the correction has all the digits that it adds.
  const square = product(d, start, start);
  const cube = product(d, square.high, start);
  const rest = d.sub(d.sub(d.sub(scaled, cube.high), cube.low), d.mul(square.low, start));
  const root = d.add(start, d.div(rest, d.mul(square.high, 3)));
  const unscaled = d.select(tiny, d.mul(root, 2 ** -18), root);
  return d.copySign(d.select(ordinary, unscaled, size), x);
}
