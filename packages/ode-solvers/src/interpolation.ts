import {
  clip,
  greaterEqual,
  maximum,
  searchsorted,
  type Tensor,
  take,
  tensor,
  tree,
  where,
} from '@flowfield/tensor-webgpu';
import { increment, type LeafStep, type OdeSolver } from './rungeKutta.ts';
import { type State, stateOf } from './state.ts';

/** Coefficients of 1, theta, theta^2, ... of the state inside a step, theta from 0 to 1, on leaves. */
export type Polynomial = readonly State[];

/** A step's interpolant: the method's own dense output, or the cubic through both ends and their slopes. */
export function interpolant(solver: OdeSolver, start: State, h: Tensor, step: LeafStep, ends: Ends): Polynomial {
  const { dense } = solver.tableau;
  if (dense && !ends.projected) {
    const powers = dense[0].map((_, power) => dense.map((row) => row[power]));
    return [start, ...powers.map((weights) => increment(start, h, weights, step.stages))];
  }
  return hermite(start, step.stages[0], ends, h);
}

/** The end of a step: the state there and its slope. A projected state is not where the stages of the step led. */
export interface Ends {
  readonly next: State;
  readonly slope: State;
  readonly projected: boolean;
}

/** The cubic Hermite polynomial (error O(h^4)). */
function hermite(start: State, slope: State, ends: Ends, h: Tensor): Polynomial {
  const before = increment(start, h, [1], [slope]);
  const after = increment(start, h, [1], [ends.slope]);
  const change = start.map((leaf, n) => ends.next[n].sub(leaf));
  return [
    start,
    before,
    change.map((delta, n) => delta.mul(3).sub(before[n].mul(2)).sub(after[n])),
    change.map((delta, n) => before[n].add(after[n]).sub(delta.mul(2))),
  ];
}

/** How many coefficients `interpolant` gives. */
export const coefficientCount = (solver: OdeSolver, projected: boolean): number =>
  solver.tableau.dense && !projected ? solver.tableau.dense[0].length + 1 : 4;

/** The polynomial at theta (a scalar, or one for each row of the coefficients), by Horner's rule. */
export function evaluatePolynomial(coefficients: Polynomial, theta: Tensor): State {
  return coefficients[0].map((leaf, n) => {
    const at = theta.astype(leaf.dtype).reshape([...theta.shape, ...leaf.shape.slice(theta.ndim).map(() => 1)]);
    return coefficients.reduceRight<Tensor | null>((sum, power) => (sum ? sum.mul(at).add(power[n]) : power[n]), null)!;
  });
}

/** A solution as a function of time: one polynomial for each step. A tree of tensors; read it with `evaluateDense`. */
export interface DenseSolution<Y> {
  /** Where each step starts: [steps], in the direction of the solve. Unused rows repeat the end of the solve. */
  readonly starts: Tensor;
  /** The signed length of each step: [steps]. */
  readonly sizes: Tensor;
  /** How many rows are in use: an i32 scalar. */
  readonly count: Tensor;
  /** Trees of the coefficients of theta^0, theta^1, ...; each leaf has a first axis of steps. */
  readonly coefficients: readonly Y[];
}

/**
 * The state at time `t`: a number, a scalar, or a vector [m] (then leaves get a first axis m). Times outside the
 * solve take its nearest end. The error is of the order of the method's dense output: 4 for dopri5, else 3.
 */
export function evaluateDense<Y>(solution: DenseSolution<Y>, t: Tensor | number | readonly number[]): Y {
  const { starts, sizes, count, coefficients } = solution;
  const dtype = starts.dtype;
  const device = starts.device?.name;
  const time =
    typeof t === 'number' || Array.isArray(t) ? tensor(t as number, { dtype, device }) : (t as Tensor).astype(dtype);
  const forward = where(greaterEqual(sizes.slice(0), 0), 1, -1).astype(dtype);
  const place = searchsorted(starts.mul(forward), time.mul(forward).reshape([-1]), { side: 'right' }).sub(1);
  const index = clip(place, 0, maximum(count.sub(1), 0)).reshape(time.shape);
  const size = take(sizes, index);
  const theta = clip(time.sub(take(starts, index)).div(where(size.equal(0), 1, size)), 0, 1);
  const { structure } = tree.flatten(coefficients[0]);
  const rows = coefficients.map((power) => stateOf(power).map((leaf) => take(leaf, index)));
  return tree.unflatten(structure, evaluatePolynomial(rows, theta)) as Y;
}
