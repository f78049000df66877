import { exp64, log64 } from './doubles.ts';
import type { Floats, Term } from './lanes.ts';
import { Doubles } from './lanes.ts';
import { demoteHalves, inDoubles, promoteHalves } from './widen.ts';

/** xʸ = exp(y·ln|x|) with the cases of C's pow. */
export function pow(v: Floats, x: Term, y: Term): Term {
  const magnitude = inDoubles(v, [v.keep(v.abs(x)), y], (d, base, exponent) =>
    exp64(d, d.keep(d.mul(exponent, log64(d, base)))),
  );
  const one = v.eq(v.abs(x), 1);
  const whole = v.keep(v.eq(v.trunc(y), y));
  const half = v.keep(v.mul(y, 0.5));
  const odd = v.and(whole, v.ne(v.trunc(half), half));
  const signed = v.or(v.select(one, 1, magnitude), v.and(v.and(x, odd), -0));
  // A finite negative base has real powers for whole exponents only.
  const finiteNegative = v.and(v.lt(x, 0), v.lt(-Infinity, x));
  const real = v.select(v.andNot(finiteNegative, whole), NaN, signed);
  const ordered = v.and(v.eq(x, x), v.eq(y, y));
  const alwaysOne = v.or(v.eq(y, 0), v.eq(x, 1));
  return v.select(alwaysOne, 1, v.select(ordered, real, NaN));
}

/** The real cube root. */
export function cbrt(v: Floats, x: Term): Term {
  const magnitude = inDoubles(v, [v.abs(x)], (d, a) => exp64(d, d.keep(d.mul(log64(d, a), 1 / 3))));
  return v.copySign(magnitude, x);
}

/** Leaves the 24 leading bits of a double. */
const LEADING_BITS = 0xffffffffe0000000n;

/**
 * The remainder of the division x/y towards zero, exact as C's fmod. Each turn takes off a multiple of |y| with 24 bits,
 * so that the product and the difference are exact in doubles; ordinary quotients need one turn.
 */
export function rem(v: Floats, x: Term, y: Term): Term {
  const d = new Doubles(v.f, v.constants);
  const dividends = promoteHalves(d, v.abs(x));
  const divisors = promoteHalves(d, v.abs(y));
  const halves = dividends.map((dividend, half) => {
    const divisor = divisors[half as 0 | 1];
    const rest = d.variable();
    rest.set(dividend);
    v.f.repeat((again) => {
      const quotient = d.and(d.trunc(d.div(rest.get, divisor)), d.bits(LEADING_BITS));
      rest.set(d.sub(rest.get, d.mul(quotient, divisor)));
      // A lane without a remainder (NaN) and a divisor without an end leave the loop.
      d.and(d.ge(d.abs(rest.get), divisor), d.lt(d.abs(rest.get), Infinity))();
      v.f.v128AnyTrue();
      v.f.brIf(again);
    });
    // A rounded quotient may be one too large.
    return d.keep(d.add(rest.get, d.select(d.lt(rest.get, 0), divisor, 0)));
  });
  const result = v.keep(() => demoteHalves(v, halves));
  d.release();
  const undivided = v.and(v.lt(v.abs(x), Infinity), v.eq(v.abs(y), Infinity));
  return v.select(undivided, x, v.copySign(result, x));
}
