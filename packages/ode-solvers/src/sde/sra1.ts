import { remembered } from '../remembered.ts';
import { additiveStep } from './additive.ts';
import { type SdeSolver, sdeSolverOf } from './sdeSolver.ts';

/** SRA1: additive noise, strong order 1.5, two stages (Rößler 2010, table 6.3). */
export const sra1 = remembered(
  (): SdeSolver =>
    sdeSolverOf(
      {
        name: 'sra1',
        calculus: 'both',
        strongOrder: 1.5,
        kinds: ['diagonal', 'scalar', 'general'],
        additive: true,
        evaluations: 2,
      },
      (task) => additiveStep({ second: 3 / 4, weights: [1 / 3, 2 / 3], firstArea: 0, secondArea: 3 / 2 }, task),
    ),
);
