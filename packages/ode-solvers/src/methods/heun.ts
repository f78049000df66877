import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/**
 * Heun's method (the explicit trapezoid): order 2, two stages, with Euler's method embedded for error control
 * (Hairer, Nørsett, Wanner, Solving ODEs I, II.1).
 */
export const heun = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'heun',
      order: 2,
      c: [0, 1],
      a: [[], [1]],
      b: [1 / 2, 1 / 2],
      errorWeights: [-1 / 2, 1 / 2],
    }),
);
