import {
  customJvp,
  full,
  linalg,
  maximum,
  stopGradient,
  type Tensor,
  whileLoop,
  zerosLike,
} from '@flowfield/tensor-webgpu';
import { multiply, solveLinear } from './layout.ts';
import type { FloatType } from './state.ts';

/** A system of equations `residual(x) = 0` on vectors. */
export interface NewtonTask {
  residual(x: Tensor): Tensor;
  /** The Jacobian of `residual`. */
  matrix(x: Tensor): Tensor;
  /** An approximation of the Jacobian that serves all iterations; without one it is made anew in each. */
  readonly fixedMatrix: Tensor | null;
  readonly start: Tensor;
  /** The size of a correction at x: below 1 it is small enough. */
  measure(correction: Tensor, x: Tensor): Tensor;
}

export interface NewtonResult {
  readonly x: Tensor;
  readonly solved: Tensor;
  readonly iterations: Tensor;
}

const mostIterations = { fixed: 12, fresh: 30 };
/** A correction that no longer shrinks is rounding if it is at most this many tolerances. */
const roundingSize = 100;

interface Carry {
  readonly x: Tensor;
  readonly size: Tensor;
  readonly count: Tensor;
  readonly done: Tensor;
}

/**
 * Newton's iteration, or with `fixedMatrix` the simplified one. The result has the derivatives of the exact solution
 * (implicit function theorem, first to third order), whose cost arises only where they are taken.
 */
export function newton(task: NewtonTask): NewtonResult {
  const { residual, matrix, fixedMatrix, measure } = task;
  const start = stopGradient(task.start);
  const inverse = fixedMatrix && stopGradient(linalg.inv(fixedMatrix));
  const most = fixedMatrix ? mostIterations.fixed : mostIterations.fresh;
  const none = full([], 0, { dtype: 'i32' });
  const far = full([], Number.POSITIVE_INFINITY, { dtype: start.dtype as 'f64' });
  const end = whileLoop<Carry>(
    ({ count, done, size }) => done.logicalNot().logicalAnd(count.less(most)).logicalAnd(size.equal(size)),
    ({ x, size, count }) => {
      const missing = residual(x);
      const correction = inverse ? multiply(inverse, missing) : solveLinear(matrix(x), missing);
      const next = stopGradient(x.sub(correction));
      const now = stopGradient(measure(correction, next));
      const stalled = now.lessEqual(roundingSize).logicalAnd(now.greaterEqual(size.mul(0.5)));
      return { x: next, size: now, count: count.add(1), done: now.lessEqual(1).logicalOr(stalled) };
    },
    { x: start, size: far, count: none, done: full([], false) },
  );
  const root = stopGradient(end.x);
  // One exact Newton step carries the first derivatives, the second step those of the next orders.
  const once = root.add(implicitPart(residual(root), matrix(root)));
  const twice = once.add(implicitPart(residual(once), matrix(once)));
  return { x: twice, solved: end.done, iterations: end.count };
}

/** Zero, with the derivative `-matrix^-1 d residual` of a Newton step, of any order. */
const implicitPart: (residual: Tensor, matrix: Tensor) => Tensor = customJvp(
  (residual: Tensor, _matrix: Tensor) => zerosLike(residual),
  ([residual, matrix], [moved]) => [implicitPart(residual, matrix), solveLinear(matrix, moved).neg()],
);

/** Relative rounding that the corrections of fixed steps are driven to. */
const fixedTolerance = { f32: 2e-6, f64: 1e-12 };

/** Below this size a state counts as zero. */
const smallestSize = 1e-30;

/** The size of corrections relative to the largest entry of `around`, in units of the rounding of a dtype. */
export function relativeSize(correction: Tensor, around: readonly Tensor[], dtype: FloatType): Tensor {
  const largest = around.map((part) => part.abs().max()).reduce((a, b) => maximum(a, b));
  return correction.abs().max().div(maximum(largest, smallestSize).mul(fixedTolerance[dtype]));
}
