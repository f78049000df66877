import {
  ArgumentError,
  clip,
  maximum,
  searchsorted,
  stopGradient,
  type Tensor,
  take,
  tensor,
  tree,
  where,
} from '@flowfield/tensor-webgpu';
import { evaluatePolynomial } from './polynomial.ts';
import { stateOf } from './state.ts';

/** A solution as a function of time: one polynomial for each step. A tree of tensors; read it with `evaluateDense`. */
export interface DenseSolution<Y> {
  /** t0 */
  readonly origin: Tensor;
  /** Where each step starts: [steps], in the direction of the solve. Unused rows repeat the end of the solve. */
  readonly starts: Tensor;
  /** The same as distances from t0, which late clocks do not round: [steps]. */
  readonly offsets: Tensor;
  /** The signed length of each step: [steps]. */
  readonly sizes: Tensor;
  /** How many rows are in use: an i32 scalar. */
  readonly count: Tensor;
  /** Trees of the coefficients of theta^0, theta^1, ...; each leaf has a first axis of steps. */
  readonly coefficients: readonly Y[];
}

/**
 * The state at time `t`: a number, a scalar, or a vector [m] (then leaves get a first axis m). Times outside the
 * solve take its nearest end; at the ends and between the steps the derivative by t is that of the step. The error is
 * of the order of the method's dense output: see the README's table.
 */
export function evaluateDense<Y>(solution: DenseSolution<Y>, t: Tensor | number | readonly number[]): Y {
  checkDense(solution);
  const { origin } = solution;
  const { dtype } = origin;
  const time =
    typeof t === 'number' || Array.isArray(t)
      ? tensor(t as number, { dtype, device: origin.device?.name })
      : (t as Tensor).astype(dtype);
  return evaluateAt(solution, time.sub(origin));
}

/** Throws `ArgumentError` for what is no dense solution; `null` is what other solves have in its place. */
function checkDense<Y>(solution: DenseSolution<Y>): void {
  if (Array.isArray((solution as Partial<DenseSolution<Y>> | null | undefined)?.coefficients)) return;
  throw new ArgumentError(
    `evaluateDense: expected the dense part of a solution, got ${solution === null ? 'null' : typeof solution}. Solve with saveAt: { dense: true }, and pass solution.dense.`,
  );
}

/** The state at a distance from t0. */
export function evaluateAt<Y>(solution: DenseSolution<Y>, offset: Tensor): Y {
  const { offsets, sizes, count, coefficients } = solution;
  const forward = where(sizes.slice(0).greaterEqual(0), 1, -1).astype(sizes.dtype);
  const along = stopGradient(offset.mul(forward));
  const place = searchsorted(stopGradient(offsets.mul(forward)), along.reshape([-1]), { side: 'right' }).sub(1);
  const index = clip(place, 0, maximum(count.sub(1), 0)).reshape(offset.shape);
  const size = take(sizes, index);
  const theta = offset.sub(take(offsets, index)).div(where(size.equal(0), 1, size));
  // Outside, time stands still at the nearest end; on an end it does not.
  const inside = theta.greaterEqual(0).logicalAnd(theta.lessEqual(1));
  const held = where(inside, theta, stopGradient(clip(theta, 0, 1)));
  const { structure } = tree.flatten(coefficients[0]);
  const rows = coefficients.map((power) => stateOf(power).map((leaf) => take(leaf, index)));
  return tree.unflatten(structure, evaluatePolynomial(rows, held)) as Y;
}
