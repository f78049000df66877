import type { Doubles, Term } from '../lanes.ts';
import { turnsOf } from './trigonometric.ts';

type Function = (x: Term) => Term;

const HALF_LOG_TWO_PI = 0.9189385332046728;
/** Less Euler's constant: the derivative of log Γ at 2. */
const SLOPE_AT_TWO = 0.42278433509846713;
/** Minimax fit of (log Γ(2 + z)/z − ψ(2))/z on |z| ≤ 1/2, relative error 2⁻⁵⁵ of log Γ(2 + z). */
const LOG_GAMMA_AT_TWO = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673987, 0.002890510330741807,
  -0.0011927539117031116, 0.0005096695247302825, -0.00022315475845906466, 0.00009945751310066885,
  -0.000044926236632505904, 0.000020507207909435916, -0.00000943948939439343, 0.000004374914426986001,
  -0.0000020392097648725745, 9.548363338434379e-7, -4.492524436213016e-7, 2.133371294266203e-7, -1.0055037924300231e-7,
  4.444018908443725e-8, -2.2027898039916892e-8, 1.5470123597387464e-8, -6.728268013082771e-9,
];
/** B₂ₖ/(2k (2k − 1)), k = 1 … 8: Stirling's series (Abramowitz and Stegun 6.1.40). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
/** From here on Stirling's series is exact to double precision. */
const STIRLING_FROM = 9;
/** Steps down that bring an argument below that to the fit at 2. */
const MOST_STEPS = 7;
const FIT_END = 2.5;

/** log Γ(x) for x > 0. */
function logGammaPositive(d: Doubles, x: Term, log: Function): Term {
  const rest = d.variable();
  const product = d.variable();
  const bounded = d.keep(d.atMost(x, STIRLING_FROM));
  rest.set(bounded);
  product.set(1);
  d.whenAny(d.lt(FIT_END, bounded), () => {
    for (let step = 0; step < MOST_STEPS; step++) {
      const above = d.keep(d.lt(FIT_END, rest.get));
      rest.set(d.select(above, d.sub(rest.get, 1), rest.get));
      product.set(d.select(above, d.mul(product.get, rest.get), product.get));
    }
  });
  // Below 3/2 by the recurrence the other way: log Γ(x) = log Γ(2 + z) − log x, or − log x (x + 1).
  const low = d.keep(d.lt(x, 1.5));
  const lowest = d.keep(d.lt(x, 0.5));
  const z = d.keep(d.sub(rest.get, d.select(lowest, 0, d.select(low, 1, 2))));
  const below = d.select(lowest, d.mul(x, d.add(x, 1)), x);
  const large = d.keep(d.ge(x, STIRLING_FROM));
  const logarithm = log(d.keep(d.select(large, x, d.select(low, below, product.get))));
  const fit = d.mul(z, d.madd(z, d.polynomial(z, LOG_GAMMA_AT_TWO), SLOPE_AT_TWO));
  const result = d.variable();
  result.set(d.add(fit, d.xor(logarithm, d.and(low, -0))));
  d.whenAny(large, () => {
    const inverse = d.keep(d.div(1, x));
    const square = d.keep(d.mul(inverse, inverse));
    const series = d.madd(d.polynomial(square, STIRLING), inverse, HALF_LOG_TWO_PI - 0.5);
    // (x − ½) log x − x in one product, so that little cancels.
    result.set(d.select(large, d.madd(d.sub(x, 0.5), d.sub(logarithm, 1), series), result.get));
  });
  return result.get;
}

/** Whether x is 0, −1, −2, … */
const isPole = (d: Doubles, x: Term): Term => d.andNot(d.eq(d.trunc(x), x), d.lt(0, x));

/** log |Γ(x)|; below 0 by reflection (Abramowitz and Stegun 6.1.17). */
export function lgamma(d: Doubles, x: Term, log: Function): Term {
  const positive = d.keep(d.lt(0, x));
  const result = d.variable();
  result.set(logGammaPositive(d, d.keep(d.select(positive, x, d.sub(1, x))), log));
  d.whenAny(d.andNot(d.eq(x, x), positive), () => {
    const { sine } = turnsOf(d, x);
    const reflected = d.sub(log(d.keep(d.div(Math.PI, d.abs(sine)))), result.get);
    result.set(d.select(positive, result.get, d.select(isPole(d, x), Infinity, reflected)));
  });
  return result.get;
}

/** The positive zero of the digamma function, in two parts. */
const DIGAMMA_ZERO = 1.4616321449683622;
const DIGAMMA_ZERO_REST = 9.549995429965697e-17;
const NEAR_ZERO = 0.25;
/** Minimax fit of ψ(zero + z)/z on |z| ≤ 1/4, relative error 2⁻⁵⁴. */
const DIGAMMA_AT_ZERO = [
  0.9676722454476212, -0.4427631689835921, 0.25849976095565086, -0.16394270544240624, 0.10782405069133368,
  -0.07219956125654037, 0.048804288152466214, -0.0331611264632093, 0.022597649189133723, -0.015424766751122306,
  0.010538747632353723, -0.00720449859531333, 0.004927965913053961, -0.0033707086196131403, 0.0022866302621746136,
  -0.0015634145076879448, 0.0012325757567350122, -0.0008464726578430372,
];
/** B₂ₖ/2k, k = 1 … 8: the series of log x − 1/2x − ψ(x) in x⁻² (Abramowitz and Stegun 6.3.18). */
const DIGAMMA_SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160];
const SERIES_FROM = 10;

/** ψ(x) = d/dx log Γ(x), by recurrence and series; below 0 by reflection (6.3.7). */
export function digamma(d: Doubles, x: Term, log: Function): Term {
  const positive = d.keep(d.lt(0, x));
  const p = d.keep(d.select(positive, x, d.sub(1, x)));
  const rest = d.variable();
  const shift = d.variable();
  rest.set(p);
  shift.set(0);
  const below = (): Term => d.lt(rest.get, SERIES_FROM);
  d.whenAny(below(), () =>
    d.whileAny(() => {
      const step = d.keep(below());
      shift.set(d.add(shift.get, d.and(step, d.div(1, rest.get))));
      rest.set(d.add(rest.get, d.and(step, 1)));
      return below();
    }),
  );
  const square = d.keep(d.div(1, d.mul(rest.get, rest.get)));
  const series = d.add(d.mul(square, d.polynomial(square, DIGAMMA_SERIES)), d.div(0.5, rest.get));
  const result = d.variable();
  result.set(d.sub(d.sub(log(rest.get), series), shift.get));
  const offset = d.keep(d.sub(p, DIGAMMA_ZERO));
  const near = d.keep(d.lt(d.abs(offset), NEAR_ZERO));
  d.whenAny(near, () => {
    const z = d.keep(d.sub(offset, DIGAMMA_ZERO_REST));
    result.set(d.select(near, d.mul(z, d.polynomial(z, DIGAMMA_AT_ZERO)), result.get));
  });
  d.whenAny(d.andNot(d.eq(x, x), positive), () => {
    const { sine, cosine } = turnsOf(d, x);
    const reflected = d.sub(result.get, d.div(d.mul(cosine, Math.PI), sine));
    const atPole = d.select(d.eq(x, 0), d.div(-1, x), NaN);
    result.set(d.select(positive, result.get, d.select(isPole(d, x), atPole, reflected)));
  });
  return result.get;
}

/** B₂ₖ/(2k)!, k = 1 … 12: the coefficients of the Euler-Maclaurin formula. */
const EULER_MACLAURIN = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3.3896802963225827e-13,
  8.586062056277845e-15,
  -2.174868698558062e-16,
  5.50900282836023e-18,
  -1.3954464685812525e-19,
];

/** xⁿ of a kept term, by squaring. */
function wholePower(d: Doubles, x: Term, exponent: number): Term {
  let result: Term | null = null;
  let square = x;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result ? d.keep(d.mul(result, square)) : square;
    if (rest > 1) square = d.keep(d.mul(square, square));
  }
  return result ?? d.keep(1);
}

/** Σ_k (x + k)⁻ˢ over k ≥ 0, x > 0, s ≥ 2: the first terms one by one, the rest by the Euler-Maclaurin formula. */
function hurwitzZeta(d: Doubles, s: number, x: Term): Term {
  // The correction terms fall fast once the argument is well above the order.
  const from = 10 + s / 2;
  const a = d.variable();
  const sum = d.variable();
  a.set(x);
  sum.set(0);
  const below = (): Term => d.lt(a.get, from);
  d.whenAny(below(), () =>
    d.whileAny(() => {
      const step = d.keep(below());
      sum.set(d.add(sum.get, d.and(step, wholePower(d, d.keep(d.div(1, a.get)), s))));
      a.set(d.add(a.get, d.and(step, 1)));
      return below();
    }),
  );
  const inverse = d.keep(d.div(1, a.get));
  const square = d.keep(d.mul(inverse, inverse));
  const first = wholePower(d, inverse, s - 1);
  const power = d.keep(d.mul(first, inverse));
  // s (s + 1) … (s + 2k − 2) a^(1 − s − 2k) B₂ₖ/(2k)!
  let rising = s;
  const coefficients = EULER_MACLAURIN.map((coefficient, k) => {
    const value = coefficient * rising;
    rising *= (s + 2 * k + 1) * (s + 2 * k + 2);
    return value;
  });
  const correction = d.mul(d.mul(power, inverse), d.polynomial(square, coefficients));
  return d.add(sum.get, d.add(d.div(first, s - 1), d.add(d.mul(power, 0.5), correction)));
}

/** The derivative of the cotangent of some order as a polynomial in its value c: `P(m+1) = −(1 + c²) P(m)'`. */
function cotangentDerivative(order: number): number[] {
  let polynomial = [0, 1];
  for (let m = 0; m < order; m++) {
    const slope = polynomial.slice(1).map((coefficient, i) => coefficient * (i + 1));
    polynomial = Array.from({ length: slope.length + 2 }, (_, i) => -((slope[i] ?? 0) + (slope[i - 2] ?? 0)));
  }
  return polynomial;
}

const productOf = (factors: readonly number[]): number => factors.reduce((product, factor) => product * factor, 1);

/** The derivative of ψ of an order m ≥ 1, `(−1)^(m+1) m! ζ(m + 1, x)`; below 0 by reflection (6.4.7, 6.4.10). */
export function polygamma(d: Doubles, x: Term, order: number): Term {
  const sign = order % 2 === 0 ? -1 : 1;
  const factorial = productOf(Array.from({ length: order }, (_, i) => i + 1));
  const positive = d.keep(d.lt(0, x));
  const zeta = d.keep(hurwitzZeta(d, order + 1, d.keep(d.select(positive, x, d.sub(1, x)))));
  const result = d.variable();
  // Plus 0: the limit at ∞ has no sign.
  result.set(d.add(d.mul(zeta, sign * factorial), 0));
  d.whenAny(d.andNot(d.eq(x, x), positive), () => {
    const { sine, cosine } = turnsOf(d, x);
    const cotangent = d.keep(d.div(cosine, sine));
    const turn = productOf(Array.from({ length: order + 1 }, () => Math.PI));
    const rest = d.mul(d.polynomial(cotangent, cotangentDerivative(order)), turn);
    const reflected = d.sub(d.mul(zeta, -factorial), rest);
    const atPole = d.select(d.eq(x, -Infinity), NaN, sign > 0 ? Infinity : NaN);
    result.set(d.select(positive, result.get, d.select(isPole(d, x), atPole, reflected)));
  });
  return result.get;
}
