import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/** Kutta's 3/8 rule: order 4, four stages (Kutta 1901; Hairer, Nørsett, Wanner, Solving ODEs I, table II.1.2). */
export const rk38 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'rk38',
      order: 4,
      c: [0, 1 / 3, 2 / 3, 1],
      a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
      b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
    }),
);
