import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

/** The implicit Euler method: order 1, L-stable, one stage (Hairer and Wanner, Solving ODEs II, IV.3). Fixed steps. */
export const implicitEuler = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit({ name: 'implicitEuler', order: 1, c: [1], a: [[1]], b: [1], dense: [[1]] }, options),
);
