import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

/**
 * The implicit midpoint rule: order 2, A-stable, symplectic, one stage (Hairer, Lubich, Wanner, Geometric Numerical
 * Integration, II.1). Fixed steps.
 */
export const implicitMidpoint = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit({ name: 'implicitMidpoint', order: 2, c: [1 / 2], a: [[1 / 2]], b: [1] }, options),
);
