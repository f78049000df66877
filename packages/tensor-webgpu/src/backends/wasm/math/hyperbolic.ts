import { exp64, expm1In64, log1p64 } from './doubles.ts';
import type { Floats, Term } from './lanes.ts';
import { inDoubles } from './widen.ts';

/** eˣ − 1. */
export function expm1(v: Floats, x: Term): Term {
  return v.copySign(inDoubles(v, [x], expm1In64), x);
}

/** ln(1 + x). */
export function log1p(v: Floats, x: Term): Term {
  const logarithm = inDoubles(v, [x], log1p64);
  return v.or(logarithm, v.and(x, -0));
}

/** sinh x = (E + E/(E + 1))/2 with E = e^|x| − 1. */
export function sinh(v: Floats, x: Term): Term {
  const magnitude = inDoubles(v, [v.abs(x)], (d, a) => {
    const e = d.keep(expm1In64(d, a));
    return d.mul(d.add(e, d.div(e, d.add(e, 1))), 0.5);
  });
  return v.copySign(magnitude, x);
}

/** cosh x = (e^|x| + e^−|x|)/2. */
export function cosh(v: Floats, x: Term): Term {
  return inDoubles(v, [v.abs(x)], (d, a) => {
    const e = d.keep(exp64(d, a));
    return d.mul(d.add(e, d.div(1, e)), 0.5);
  });
}

/** arsinh x = ln(1 + |x| + x²/(1 + √(1 + x²))) with the sign of x. */
export function asinh(v: Floats, x: Term): Term {
  const magnitude = inDoubles(v, [v.abs(x)], (d, a) => {
    const square = d.keep(d.mul(a, a));
    const rest = d.div(square, d.add(d.sqrt(d.add(square, 1)), 1));
    return d.select(d.lt(a, Infinity), log1p64(d, d.keep(d.add(a, rest))), a);
  });
  return v.copySign(magnitude, x);
}

/** arcosh x = ln(1 + t + √(2t + t²)) with t = x − 1, NaN below 1. */
export function acosh(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, value) => {
    const t = d.keep(d.select(d.lt(value, 1), NaN, d.sub(value, 1)));
    return log1p64(d, d.keep(d.add(t, d.sqrt(d.madd(t, t, d.add(t, t))))));
  });
}

/** artanh x = ln(1 + 2|x|/(1 − |x|))/2 with the sign of x. */
export function atanh(v: Floats, x: Term): Term {
  const magnitude = inDoubles(v, [v.abs(x)], (d, a) => d.mul(log1p64(d, d.keep(d.div(d.add(a, a), d.sub(1, a)))), 0.5));
  return v.copySign(magnitude, x);
}
