import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

/**
 * The implicit trapezoidal rule (Crank-Nicolson): order 2, A-stable, two stages of which the first is known (Hairer and
 * Wanner, Solving ODEs II, IV.3). Fixed steps.
 */
export const trapezoid = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit({ name: 'trapezoid', order: 2, c: [0, 1], a: [[], [1 / 2, 1 / 2]], b: [1 / 2, 1 / 2] }, options),
);
