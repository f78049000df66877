import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/** Euler's method: order 1, one stage, `y + h f(t, y)` (Hairer, Nørsett, Wanner, Solving ODEs I, II.1). */
export const euler = remembered((): OdeSolver => rungeKutta({ name: 'euler', order: 1, c: [0], a: [[]], b: [1] }));
