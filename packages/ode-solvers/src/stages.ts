import { checkedOptions, eye, stopGradient, type Tensor } from '@flowfield/tensor-webgpu';
import { type Layout, multiply } from './layout.ts';
import { relativeSize } from './newton.ts';
import type { StepTask } from './solver.ts';
import { scaledNorm } from './stepControl.ts';
import { checkFlags } from './times.ts';

/** What the implicit methods take along: how to solve for the slopes of a step. */
export interface ImplicitOptions {
  /**
   * The rows of the state (axis 0 of every leaf) are systems of their own, as in a batch of initial values: their
   * Jacobians are then blocks, and the cost of a step is linear in the number of rows. Default false.
   */
  readonly independentRows?: boolean;
}

/** Whether rows are systems of their own. Throws `ArgumentError` for options that are none. */
export function independentRowsOf(use: string, options: ImplicitOptions): boolean {
  checkFlags(use, checkedOptions(use, options, ['independentRows']), ['independentRows']);
  return options.independentRows ?? false;
}

/** A part of the tolerance that Newton's iteration may leave. */
const shareOfTolerance = 0.01;

/** The matrix of `M y' = f`, broadcast over rows. */
export const massOf = (task: StepTask, layout: Layout): Tensor =>
  task.mass?.astype(layout.dtype) ?? eye(layout.size, layout.size, { dtype: layout.dtype });

export const timesMass = (task: StepTask, slopes: Tensor): Tensor =>
  task.mass ? multiply(task.mass.astype(slopes.dtype), slopes) : slopes;

/** How large a change of the state is: in tolerances of an adaptive solve, or relative to the terms that it comes from. */
export function changeSize(task: StepTask, layout: Layout, change: Tensor, around: readonly Tensor[]): Tensor {
  const { tolerances } = task;
  if (!tolerances) return relativeSize(change, around, layout.narrowest);
  const states = [layout.state(around[0])];
  return scaledNorm(layout.state(change), states, tolerances, layout.dtype).div(shareOfTolerance);
}

/** df/dy at the start of the step, which serves all of its Newton iterations; `null` for fixed steps. */
export const startJacobian = (task: StepTask, layout: Layout): Tensor | null =>
  task.tolerances ? stopGradient(layout.jacobian(task.field, task.span.start, task.state)) : null;
