import type { Floats, Term } from './lanes.ts';

export const round = (v: Floats, x: Term): Term => v.nearest(x);
export const floor = (v: Floats, x: Term): Term => v.floor(x);
export const ceil = (v: Floats, x: Term): Term => v.ceil(x);
export const trunc = (v: Floats, x: Term): Term => v.trunc(x);
export const sqrt = (v: Floats, x: Term): Term => v.sqrt(x);
export const rsqrt = (v: Floats, x: Term): Term => v.div(1, v.sqrt(x));
/** ±1 by the sign of x; zeros keep their sign, and NaN stays NaN. */
export const sign = (v: Floats, x: Term): Term => v.select(v.lt(0, v.abs(x)), v.copySign(1, x), x);
