import type { FunctionBuilder } from '../assembler/index.ts';
import type { Floats, Term } from './lanes.ts';
import { quarterTurns } from './quarter-turns.ts';

/** Minimax fit of (sin r/r − 1)/r² in r² on |r| ≤ π/4, relative error 2⁻³² of sin r. */
const SIN = [-0.166666672, 0.0083333794, -0.000198530717, 2.83268014e-6];
/** Minimax fit of (cos r − 1 + r²/2)/r⁴ in r² on |r| ≤ π/4, relative error 2⁻³³ of cos r. */
const COS = [0.0416666456, -0.00138873095, 2.44323383e-5];

/** Makes the shared function for arguments of any size. */
type Large = () => FunctionBuilder;

function reduced(v: Floats, x: Term, large: Large) {
  const { r, q } = quarterTurns(v, v.keep(v.abs(x)), large);
  const square = v.keep(v.mul(r, r));
  const sine = v.keep(v.madd(v.mul(r, square), v.polynomial(square, SIN), r));
  const cosine = v.keep(v.add(v.madd(v.mul(square, square), v.polynomial(square, COS), v.mul(square, -0.5)), 1));
  // All ones where q is odd.
  const odd = v.keep(v.shiftRightSigned(v.shiftLeft(q, 31), 31));
  return { sine, cosine, odd, q };
}

/** The bit of weight 2 of q as a sign. */
const signOfHalfTurn = (v: Floats, q: Term): Term => v.and(v.shiftLeft(q, 30), -0);

function sinFrom(v: Floats, x: Term, { sine, cosine, odd, q }: ReturnType<typeof reduced>): Term {
  const sign = v.and(v.xor(v.shiftLeft(q, 30), x), -0);
  return v.xor(v.select(odd, cosine, sine), sign);
}

function cosFrom(v: Floats, { sine, cosine, odd, q }: ReturnType<typeof reduced>): Term {
  return v.xor(v.select(odd, sine, cosine), signOfHalfTurn(v, v.intSub(q, odd)));
}

/** sin x. */
export function sin(v: Floats, x: Term, large: Large): Term {
  return sinFrom(v, x, reduced(v, x, large));
}

/** cos x. */
export function cos(v: Floats, x: Term, large: Large): Term {
  return cosFrom(v, reduced(v, x, large));
}

/** sin x and cos x with one reduction. */
export function sinCos(v: Floats, x: Term, large: Large): [Term, Term] {
  const parts = reduced(v, x, large);
  return [v.keep(sinFrom(v, x, parts)), cosFrom(v, parts)];
}

/** tan x. */
export function tan(v: Floats, x: Term, large: Large): Term {
  const { sine, cosine, odd } = reduced(v, x, large);
  const ratio = v.div(v.select(odd, cosine, sine), v.select(odd, sine, cosine));
  return v.xor(ratio, v.and(v.xor(odd, x), -0));
}
