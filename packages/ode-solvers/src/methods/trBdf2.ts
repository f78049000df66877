import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

const gamma = 2 - Math.SQRT2;
const diagonal = gamma / 2;
const weight = Math.SQRT2 / 4;

/**
 * TR-BDF2: a trapezoidal step and a BDF2 step as one method of order 2, L-stable, three stages of which the first is
 * known, with a companion of order 3 for error control (Bank et al. 1985; Hosea and Shampine 1996).
 */
export const trBdf2 = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit(
      {
        name: 'trBdf2',
        order: 2,
        c: [0, gamma, 1],
        a: [[], [diagonal, diagonal], [weight, weight, diagonal]],
        b: [weight, weight, diagonal],
        errorWeights: [weight - (1 - weight) / 3, weight - (3 * weight + 1) / 3, (2 * diagonal) / 3],
        errorOrder: 3,
      },
      options,
    ),
);
