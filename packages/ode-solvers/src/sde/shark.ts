import { remembered } from '../remembered.ts';
import { additiveStep } from './additive.ts';
import { type SdeSolver, sdeSolverOf } from './sdeSolver.ts';

/**
 * ShARK, the shifted additive-noise Runge-Kutta method: strong order 1.5 with a smaller error than SRA1, two stages (Foster,
 * dos Reis and Strange 2023, equation 6.1).
 */
export const shark = remembered(
  (): SdeSolver =>
    sdeSolverOf(
      {
        name: 'shark',
        calculus: 'both',
        strongOrder: 1.5,
        kinds: ['diagonal', 'scalar', 'general'],
        additive: true,
        evaluations: 2,
      },
      (task) => additiveStep({ second: 5 / 6, weights: [2 / 5, 3 / 5], firstArea: 1, secondArea: 1 }, task),
    ),
);
