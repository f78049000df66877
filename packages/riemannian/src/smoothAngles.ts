import {
  abs,
  atan2,
  cos,
  div,
  greater,
  less,
  logicalAnd,
  sin,
  sqrt,
  square,
  type Tensor,
  where,
} from '@flowfield/tensor-webgpu';

// Functions of an angle that are analytic in its square. Each joins a power series near 0 to the closed form away
// from 0. The choice is made on the inputs of both, so that the branch not taken has finite derivatives of every order.

/** Σ coefficients[k] xᵏ by Horner's rule. */
function powerSeries(x: Tensor, coefficients: readonly number[]): Tensor {
  return coefficients
    .slice(0, -1)
    .reduceRight((total, coefficient) => total.mul(x).add(coefficient), x.mul(0).add(coefficients.at(-1)!));
}

/** Terms enough for float64, and for a few derivatives, on the intervals below. */
const TERMS = 15;

/** (-1)ᵏ / (2k + first)! for k = 0, 1, … */
function alternatingFactorials(first: 0 | 1): number[] {
  const coefficients = [1];
  for (let k = 1; k < TERMS; k++) coefficients.push(-coefficients[k - 1] / ((2 * k + first) * (2 * k + first - 1)));
  return coefficients;
}

const COSINE = alternatingFactorials(0);
const SINC = alternatingFactorials(1);
const ARCTANGENT = Array.from({ length: TERMS }, (_, k) => (k % 2 === 0 ? 1 : -1) / (2 * k + 1));

/** r² up to which the cosine and sinc series are used. */
const SERIES_END = 1;
/** tan² up to which the arctangent series is used; its terms shrink by this factor. */
const ARCTANGENT_END = 0.04;

function joined(squared: Tensor, series: readonly number[], closed: (r: Tensor) => Tensor): Tensor {
  const near = less(squared, SERIES_END);
  const far = closed(sqrt(where(near, SERIES_END, squared)));
  return where(near, powerSeries(where(near, squared, 0), series), far);
}

/** cos r for r² = `squared`. */
export const cosOfSquare = (squared: Tensor): Tensor => joined(squared, COSINE, cos);

/** sin r / r for r² = `squared`; 1 at 0. */
export const sincOfSquare = (squared: Tensor): Tensor => joined(squared, SINC, (r) => sin(r).div(r));

/**
 * θ / s for the angle θ = atan2(s, c) in [0, π] with s² = `sineSquared`, s >= 0. At s = 0 this is 1 / c for c > 0; for
 * c <= 0, where it is infinite, a finite number that the caller replaces.
 */
export function angleOverSine(sineSquared: Tensor, c: Tensor): Tensor {
  const near = logicalAnd(greater(c, 0), less(sineSquared, square(c).mul(ARCTANGENT_END)));
  const cNear = where(near, c, 1);
  const tangentSquared = where(near, sineSquared, 0).div(square(cNear));
  const s = sqrt(where(logicalAnd(greater(abs(sineSquared), 0), near.logicalNot()), sineSquared, 1));
  return where(near, powerSeries(tangentSquared, ARCTANGENT).div(cNear), div(atan2(s, c), s));
}
