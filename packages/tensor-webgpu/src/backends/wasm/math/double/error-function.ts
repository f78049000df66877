import type { Doubles, Term } from '../lanes.ts';

/** A quotient of polynomials, coefficients from the highest power. */
interface Rational {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/**
 * W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23, 1969: of erf in x² up
 * to `SMALL_END`, of erfc in x up to `MIDDLE_END`, and of its continued fraction in 1/x² beyond.
 */
const SMALL: Rational = {
  numerator: [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  denominator: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
};
const MIDDLE: Rational = {
  numerator: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  denominator: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
};
const LARGE: Rational = {
  numerator: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  denominator: [
    1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
  ],
};
const SMALL_END = 0.46875;
const MIDDLE_END = 4;
const INVERSE_SQRT_PI = 0.5641895835477563;

type Function = (x: Term) => Term;

const ratio = (d: Doubles, { numerator, denominator }: Rational, x: Term): Term =>
  d.div(d.polynomial(x, [...numerator].reverse()), d.polynomial(x, [...denominator].reverse()));

/** erf x for |x| up to the end of the first region. */
function center(d: Doubles, x: Term): Term {
  const small = d.keep(d.copySign(d.atMost(d.abs(x), SMALL_END), x));
  const square = d.keep(d.mul(small, small));
  return d.keep(d.mul(small, ratio(d, SMALL, square)));
}

/** Up to here erfc is not 0. */
const VANISHED = 27.5;

/** erfc y for y from the end of the first region on. */
function upperTail(d: Doubles, y: Term, exp: Function): Term {
  const bounded = d.keep(d.atMost(y, VANISHED));
  // exp(−y²) with y² split so that its rounding does not grow in the exponential.
  const head = d.keep(d.mul(d.trunc(d.mul(bounded, 16)), 1 / 16));
  const first = exp(d.keep(d.neg(d.mul(head, head))));
  const second = exp(d.keep(d.mul(d.sub(head, bounded), d.add(bounded, head))));
  const gaussian = d.keep(d.mul(first, second));
  const tail = d.variable();
  tail.set(d.mul(gaussian, ratio(d, MIDDLE, d.keep(d.atMost(bounded, MIDDLE_END)))));
  const far = d.keep(d.lt(MIDDLE_END, bounded));
  d.whenAny(far, () => {
    const inverse = d.keep(d.div(1, d.mul(bounded, bounded)));
    const rest = d.mul(inverse, ratio(d, LARGE, inverse));
    const value = d.mul(gaussian, d.div(d.sub(INVERSE_SQRT_PI, rest), bounded));
    tail.set(d.select(far, value, tail.get));
  });
  return tail.get;
}

/** 2/√π ∫₀ˣ exp(−t²) dt. */
export function erf(d: Doubles, x: Term, exp: Function): Term {
  const result = d.variable();
  result.set(center(d, x));
  const y = d.keep(d.abs(x));
  const outer = d.keep(d.lt(SMALL_END, y));
  d.whenAny(outer, () => {
    const tail = upperTail(d, y, exp);
    result.set(d.select(outer, d.copySign(d.add(d.sub(0.5, tail), 0.5), x), result.get));
  });
  return result.get;
}

/** 1 − erf x, accurate for large x. */
export function erfc(d: Doubles, x: Term, exp: Function): Term {
  const result = d.variable();
  result.set(d.sub(1, center(d, x)));
  const y = d.keep(d.abs(x));
  const outer = d.keep(d.lt(SMALL_END, y));
  d.whenAny(outer, () => {
    const tail = d.keep(upperTail(d, y, exp));
    result.set(d.select(outer, d.select(d.lt(x, 0), d.sub(2, tail), tail), result.get));
  });
  return result.get;
}

/**
 * The quantile of the normal distribution: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal
 * distribution", Applied Statistics 37, 1988 (PPND16). Coefficients from the highest power.
 */
const CENTRAL: Rational = {
  numerator: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  denominator: [
    5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
};
const TAIL: Rational = {
  numerator: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  denominator: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
};
const FAR_TAIL: Rational = {
  numerator: [
    2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  denominator: [
    2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
};
const CENTRAL_END = 0.85;
const CENTRAL_SQUARE = 0.180625;
const TAIL_FROM = 1.6;
const FAR_FROM = 5;

/** The inverse of erf: with u the normal quantile at (x + 1)/2, u/√2. */
export function erfInv(d: Doubles, x: Term, log: Function): Term {
  const size = d.keep(d.abs(x));
  const inside = d.keep(d.atMost(size, CENTRAL_END));
  const result = d.variable();
  const half = d.keep(d.mul(inside, 0.5));
  const r = d.keep(d.sub(CENTRAL_SQUARE, d.mul(half, half)));
  result.set(d.mul(half, d.mul(ratio(d, CENTRAL, r), Math.SQRT1_2)));
  const outer = d.keep(d.lt(CENTRAL_END, size));
  d.whenAny(outer, () => {
    const root = d.keep(d.sqrt(d.neg(log(d.keep(d.mul(d.sub(1, d.atMost(size, 1 - 2 ** -53)), 0.5))))));
    const near = d.keep(d.sub(d.atMost(root, FAR_FROM), TAIL_FROM));
    const far = d.keep(d.sub(d.atLeast(root, FAR_FROM), FAR_FROM));
    const quantile = d.select(d.lt(root, FAR_FROM), ratio(d, TAIL, near), ratio(d, FAR_TAIL, far));
    result.set(d.select(outer, d.mul(quantile, Math.SQRT1_2), result.get));
  });
  const signed = d.keep(d.copySign(result.get, x));
  const end = d.select(d.eq(size, 1), d.mul(x, Infinity), NaN);
  return d.select(d.lt(size, 1), signed, end);
}
