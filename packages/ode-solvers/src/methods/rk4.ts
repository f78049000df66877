import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/**
 * The classical Runge-Kutta method, weights 1/6, 1/3, 1/3, 1/6 (not the 3/8 rule): order 4, four stages
 * (Kutta 1901; Hairer, Nørsett, Wanner, Solving ODEs I, table II.1.2).
 */
export const rk4 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'rk4',
      order: 4,
      c: [0, 1 / 2, 1 / 2, 1],
      a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
      b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
    }),
);
