import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

const gamma = 1 - Math.SQRT1_2;

/**
 * The SDIRK method of two stages: order 2, L-stable, with a first order embedded; gamma = 1 - 1/sqrt 2 (Alexander 1977).
 */
export const sdirk2 = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit(
      {
        name: 'sdirk2',
        order: 2,
        c: [gamma, 1],
        a: [[gamma], [1 - gamma, gamma]],
        b: [1 - gamma, gamma],
        errorWeights: [-gamma, gamma],
        dense: [
          [1 / (1 - gamma), -1 / (2 * (1 - gamma))],
          [-gamma / (1 - gamma), 1 / (2 * (1 - gamma))],
        ],
      },
      options,
    ),
);
