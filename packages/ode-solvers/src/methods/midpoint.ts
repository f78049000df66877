import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/** The explicit midpoint rule of Runge: order 2, two stages (Hairer, Nørsett, Wanner, Solving ODEs I, II.1). */
export const midpoint = remembered(
  (): OdeSolver => rungeKutta({ name: 'midpoint', order: 2, c: [0, 1 / 2], a: [[], [1 / 2]], b: [0, 1] }),
);
