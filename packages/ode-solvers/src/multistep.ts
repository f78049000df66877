import { ArgumentError, type Tensor } from '@flowfield/tensor-webgpu';
import type { LeafStep, SolverTraits, StepTask } from './solver.ts';
import type { State } from './state.ts';

/** The starting steps are of order 4, so their error shows from order 6 on. */
const highestOrder = 5;

/** Throws `ArgumentError` for orders that are not offered. */
export function multistepTraits(name: string, order: number, lowest: number, history: number): SolverTraits {
  if (!(order >= lowest && order <= highestOrder)) {
    throw new ArgumentError(
      `${name}: the order must be ${lowest} to ${highestOrder}, got ${order}. Take one of these.`,
    );
  }
  return {
    name: `${name}${order}`,
    order,
    errorOrder: null,
    stages: 1,
    firstSameAsLast: false,
    implicit: false,
    denseLength: 0,
    beginsWithSlope: true,
    allowsMass: false,
    history,
  };
}

/** `y + h sum_i weights_i slopes_i` with weights that are scalars of the program. */
export const weightedStep = ({ state, span }: StepTask, weights: readonly Tensor[], slopes: readonly State[]): State =>
  state.map((leaf, n) => {
    const sum = slopes.map((slope, i) => slope[n].mul(weights[i].astype(leaf.dtype))).reduce((a, b) => a.add(b));
    return leaf.add(sum.mul(span.h.astype(leaf.dtype)));
  });

/** A step from `first`, the slope at its start, with `further` evaluations besides that one. */
export const multistepStep = (task: StepTask, first: State, next: State, further = 0): LeafStep => ({
  next,
  error: null,
  first,
  last: null,
  polynomial: null,
  evaluations: further + (task.first ? 0 : 1),
  solved: null,
});
