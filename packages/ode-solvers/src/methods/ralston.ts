import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/**
 * Ralston's method: order 2, two stages, with the least bound on the error of a step among them, and Euler's method
 * embedded for error control (Ralston 1962).
 */
export const ralston = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'ralston',
      order: 2,
      c: [0, 2 / 3],
      a: [[], [2 / 3]],
      b: [1 / 4, 3 / 4],
      errorWeights: [-3 / 4, 3 / 4],
    }),
);
