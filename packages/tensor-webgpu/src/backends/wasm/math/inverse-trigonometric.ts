import { atan2In64 } from './doubles.ts';
import type { Doubles, Floats, Term } from './lanes.ts';
import { inDoubles } from './widen.ts';

const one = (d: Doubles): Term => d.keep(1);
/** √(1 − x²) as √((1 − x)(1 + x)), which keeps its digits near ±1. */
const cathetus = (d: Doubles, x: Term): Term => d.keep(d.sqrt(d.mul(d.sub(1, x), d.add(x, 1))));

/** The angle of the point (x, y), in [−π, π]. */
export function atan2(v: Floats, y: Term, x: Term): Term {
  return inDoubles(v, [y, x], atan2In64);
}

/** arctan x. */
export function atan(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, tangent) => atan2In64(d, tangent, one(d)));
}

/** arcsin x, NaN outside [−1, 1]. */
export function asin(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, sine) => atan2In64(d, sine, cathetus(d, sine)));
}

/** arccos x, NaN outside [−1, 1]. */
export function acos(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, cosine) => atan2In64(d, cathetus(d, cosine), cosine));
}
