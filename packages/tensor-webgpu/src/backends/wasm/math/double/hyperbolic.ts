import type { Doubles, Term } from '../lanes.ts';

/** A function of two doubles that the module has. */
type Function = (x: Term) => Term;

/** From here on the other exponential is below half a place of the result. */
const LARGE = 22;

/** sinh x = (E + E/(E + 1))/2 with E = exp|x| − 1; for large |x| half the exponential. */
export function sinh(d: Doubles, x: Term, expm1: Function, halfExp: Function): Term {
  const magnitude = d.keep(d.abs(x));
  const result = d.variable();
  const e = expm1(d.keep(d.atMost(magnitude, LARGE)));
  result.set(d.mul(d.add(e, d.div(e, d.add(e, 1))), 0.5));
  const large = d.keep(d.lt(LARGE, magnitude));
  d.whenAny(large, () => result.set(d.select(large, halfExp(magnitude), result.get)));
  return d.copySign(result.get, x);
}

/** cosh x. */
export function cosh(d: Doubles, x: Term, halfExp: Function): Term {
  const half = halfExp(d.keep(d.abs(x)));
  return d.add(half, d.div(0.25, half));
}

/** tanh|x| = −E/(E + 2) with E = exp(−2|x|) − 1. */
export function tanh(d: Doubles, x: Term, expm1: Function): Term {
  const e = expm1(d.keep(d.atLeast(d.or(d.add(x, x), -0), -2 * LARGE)));
  return d.copySign(d.div(e, d.add(e, 2)), x);
}

/** From here on 1 beside x² is below half a place. */
const FAR = 2 ** 28;

/** asinh|x| = ln(1 + |x| + x²/(1 + √(1 + x²))); far out ln 2|x|. */
export function asinh(d: Doubles, x: Term, log1p: Function, log: Function): Term {
  const magnitude = d.keep(d.abs(x));
  const near = d.keep(d.atMost(magnitude, FAR));
  const square = d.keep(d.mul(near, near));
  const result = d.variable();
  result.set(log1p(d.keep(d.add(near, d.div(square, d.add(d.sqrt(d.add(square, 1)), 1))))));
  const far = d.keep(d.lt(FAR, magnitude));
  d.whenAny(far, () => result.set(d.select(far, d.add(log(magnitude), Math.LN2), result.get)));
  return d.copySign(result.get, x);
}

/** acosh x = ln(1 + t + √(2t + t²)) with t = x − 1; far out ln 2x. */
export function acosh(d: Doubles, x: Term, log1p: Function, log: Function): Term {
  const t = d.keep(d.sub(d.atMost(x, FAR), 1));
  const result = d.variable();
  result.set(log1p(d.keep(d.add(t, d.sqrt(d.mul(t, d.add(t, 2)))))));
  const far = d.keep(d.lt(FAR, x));
  d.whenAny(far, () => result.set(d.select(far, d.add(log(x), Math.LN2), result.get)));
  return d.select(d.lt(x, 1), NaN, result.get);
}

/** atanh|x| = ½ ln(1 + 2|x|/(1 − |x|)). */
export function atanh(d: Doubles, x: Term, log1p: Function): Term {
  const magnitude = d.keep(d.abs(x));
  const ratio = d.keep(d.div(d.add(magnitude, magnitude), d.sub(1, magnitude)));
  return d.copySign(d.mul(log1p(ratio), 0.5), x);
}
