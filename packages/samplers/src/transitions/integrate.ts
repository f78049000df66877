import type { OdeSolver } from '@flowfield/ode-solvers';
import { ArgumentError, scan, type Tensor } from '@flowfield/tensor-webgpu';

/** Fixed steps of `solver` through the times of `grid` [n + 1], for a field of scalar times. What is not finite stays so. */
export const integrate = (
  field: (t: Tensor, x: Tensor) => Tensor,
  x: Tensor,
  grid: Tensor,
  solver: OdeSolver,
): Tensor => steps(field, x, grid, solver, false)[0];

/** The points after each step of `integrate`, [n, batch, …]. */
export const integrateAll = (
  field: (t: Tensor, x: Tensor) => Tensor,
  x: Tensor,
  grid: Tensor,
  solver: OdeSolver,
): Tensor => steps(field, x, grid, solver, true)[1] as Tensor;

function steps(
  field: (t: Tensor, x: Tensor) => Tensor,
  x: Tensor,
  grid: Tensor,
  solver: OdeSolver,
  keep: boolean,
): [Tensor, Tensor | null] {
  const count = grid.shape[0] - 1;
  return scan<Tensor, { t: Tensor; h: Tensor }, Tensor | null>(
    (at, { t, h }) => {
      const y = solver.step(field, t, at, h).y as Tensor;
      return [y, keep ? y : null];
    },
    x,
    { t: grid.slice([0, count]), h: grid.slice([1, count + 1]).sub(grid.slice([0, count])) },
  );
}

/** Throws `ArgumentError` for something else than a one-step solver. */
export function checkSolver(use: string, solver: OdeSolver): OdeSolver {
  if (typeof solver?.step === 'function' && Number.isInteger(solver.stages)) return solver;
  throw new ArgumentError(
    `${use}: expected a solver such as midpoint() of @flowfield/ode-solvers, got ${typeof solver === 'string' ? `'${solver}'` : typeof solver}. Make one.`,
  );
}
