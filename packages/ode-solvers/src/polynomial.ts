import type { Tensor } from '@flowfield/tensor-webgpu';
import type { State } from './state.ts';

/** Coefficients of 1, theta, theta^2, ... of the state inside a step, theta from 0 to 1, on leaves. */
export type Polynomial = readonly State[];

/** `h sum_i weights_i stages_i`, leaf by leaf. */
export function increment(state: State, h: Tensor, weights: readonly number[], stages: readonly State[]): State {
  // No partial sum is larger than the largest stage: a power of two goes from the weights to h, which rounds nothing.
  const scale = 2 ** Math.max(0, Math.ceil(Math.log2(weights.reduce((sum, weight) => sum + Math.abs(weight), 0))));
  const step = scale === 1 ? h : h.mul(scale);
  return state.map((leaf, n) => {
    let sum: Tensor | null = null;
    for (const [i, unscaled] of weights.entries()) {
      if (unscaled === 0) continue;
      const weight = unscaled / scale;
      const term = weight === 1 ? stages[i][n] : stages[i][n].mul(weight);
      sum = sum ? sum.add(term) : term;
    }
    return sum ? sum.mul(step.astype(leaf.dtype)) : leaf.mul(0);
  });
}

export const advance = (state: State, h: Tensor, weights: readonly number[], stages: readonly State[]): State =>
  increment(state, h, weights, stages).map((change, n) => state[n].add(change));

/** The dense output `y + h sum_i b_i(theta) k_i` of a tableau. */
export function densePolynomial(
  dense: readonly (readonly number[])[],
  state: State,
  h: Tensor,
  stages: readonly State[],
): Polynomial {
  const powers = dense[0].map((_, power) => dense.map((row) => row[power]));
  return [state, ...powers.map((weights) => increment(state, h, weights, stages))];
}

/** The cubic Hermite polynomial through both ends and their slopes (error O(h^4)). */
export function hermite(start: State, slope: State, next: State, nextSlope: State, h: Tensor): Polynomial {
  const before = increment(start, h, [1], [slope]);
  const after = increment(start, h, [1], [nextSlope]);
  const change = start.map((leaf, n) => next[n].sub(leaf));
  return [
    start,
    before,
    change.map((delta, n) => delta.mul(3).sub(before[n].mul(2)).sub(after[n])),
    change.map((delta, n) => before[n].add(after[n]).sub(delta.mul(2))),
  ];
}

/** The polynomial at theta (a scalar, or one for each row of the coefficients), by Horner's rule. */
export function evaluatePolynomial(coefficients: Polynomial, theta: Tensor): State {
  return coefficients[0].map((leaf, n) => {
    const at = theta.astype(leaf.dtype).reshape([...theta.shape, ...leaf.shape.slice(theta.ndim).map(() => 1)]);
    return coefficients.reduceRight<Tensor | null>((sum, power) => (sum ? sum.mul(at).add(power[n]) : power[n]), null)!;
  });
}
