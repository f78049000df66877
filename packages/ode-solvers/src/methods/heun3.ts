import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/** Heun's third-order method: order 3, three stages (Heun 1900; Hairer, Nørsett, Wanner, Solving ODEs I, II.1). */
export const heun3 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'heun3',
      order: 3,
      c: [0, 1 / 3, 2 / 3],
      a: [[], [1 / 3], [0, 2 / 3]],
      b: [1 / 4, 0, 3 / 4],
    }),
);
