import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

const third = [2 / 9, 1 / 3, 4 / 9];

/**
 * Bogacki-Shampine 3(2): order 3 with an embedded second order, four stages of which the last is the first of the next
 * step; the cubic through the ends is its dense output (Bogacki and Shampine 1989).
 */
export const bosh3 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'bosh3',
      order: 3,
      c: [0, 1 / 2, 3 / 4, 1],
      a: [[], [1 / 2], [0, 3 / 4], third],
      b: [...third, 0],
      errorWeights: [-5 / 72, 1 / 12, 1 / 9, -1 / 8],
    }),
);
