import { maximum, minimum, sqrt, stopGradient, type Tensor, where } from '@flowfield/tensor-webgpu';
import type { OdeSolver } from './rungeKutta.ts';
import type { Field, FloatType, State } from './state.ts';

/** How local errors are measured over the whole state. */
export type ErrorNorm = 'rms' | 'max';

export interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
  readonly norm: ErrorNorm;
}

/** Gain and bounds of the step size from one attempt to the next (Hairer, Nørsett, Wanner, II.4; dopri5's choices). */
const safety = 0.9;
const integralGain = 0.04;
const smallestFactor = 0.2;
const largestFactor = 10;

/** The size of `values` relative to the tolerances at the states `around`, over all elements of all leaves. */
export function scaledNorm(values: State, around: readonly State[], tolerances: Tolerances, dtype: FloatType): Tensor {
  const { rtol, atol, norm } = tolerances;
  const ratios = values.map((value, n) => {
    const size = around.map((state) => state[n].abs()).reduce((a, b) => maximum(a, b));
    return value.div(size.mul(rtol).add(atol));
  });
  if (norm === 'max') return ratios.map((ratio) => ratio.abs().max().astype(dtype)).reduce((a, b) => maximum(a, b));
  const count = ratios.reduce((sum, ratio) => sum + ratio.size, 0);
  const squares = ratios.map((ratio) => ratio.square().sum().astype(dtype)).reduce((a, b) => a.add(b));
  return sqrt(squares.div(count));
}

/**
 * The factor for the next step size: `safety err^(-alpha) previous^beta`, alpha = 1/k - 0.75 beta, beta = 0.04, for
 * an error of order k; no growth right after a rejection; 1/2 for an error that is not finite.
 */
export function stepFactor(
  solver: OdeSolver,
  attempt: { error: Tensor; previous: Tensor; accept: Tensor; finite: Tensor; again: Tensor },
): Tensor {
  const { error, previous, accept, finite, again } = attempt;
  const size = maximum(where(finite, error, 1), 1e-10);
  const exponent = 1 / solver.order;
  const grow = size
    .pow(-(exponent - 0.75 * integralGain))
    .mul(previous.pow(integralGain))
    .mul(safety);
  const kept = minimum(maximum(grow, smallestFactor), where(again, 1, largestFactor));
  const shrink = minimum(maximum(size.pow(-exponent).mul(safety), smallestFactor), 1);
  return where(accept, kept, where(finite, shrink, 0.5));
}

/** A first step size (positive) from the sizes of y, y' and y'' (Hairer, Nørsett, Wanner, II.4); costs one evaluation. */
export function firstStep(
  solver: OdeSolver,
  field: Field,
  start: { t: Tensor; state: State; slope: State; forward: Tensor; span: Tensor },
  tolerances: Tolerances,
  dtype: FloatType,
): Tensor {
  const { t, forward, span } = start;
  const [state, slope] = stopGradient([start.state, start.slope]);
  const size = scaledNorm(state, [state], tolerances, dtype);
  const speed = scaledNorm(slope, [state], tolerances, dtype);
  const still = size.less(1e-5).logicalOr(speed.less(1e-5));
  const guess = minimum(positive(where(still, 1e-6, size.mul(0.01).div(where(still, 1, speed)))), span);
  const h = guess.mul(forward);
  const moved = state.map((leaf, n) => leaf.add(slope[n].mul(h.astype(leaf.dtype))));
  const change = stopGradient(field(t.add(h), moved)).map((leaf, n) => leaf.sub(slope[n]));
  const bend = scaledNorm(change, [state], tolerances, dtype).div(where(guess.equal(0), 1, guess));
  const most = maximum(speed, bend);
  const flat = most.lessEqual(1e-15);
  const fine = where(
    flat,
    maximum(guess.mul(1e-3), 1e-6),
    where(flat, 1, most)
      .reciprocal()
      .mul(0.01)
      .pow(1 / solver.order),
  );
  return minimum(minimum(guess.mul(100), positive(fine)), span);
}

/** `h` where it is a positive number, else a small step. */
const positive = (h: Tensor): Tensor => where(h.isFinite().logicalAnd(h.greater(0)), h, 1e-6);
