import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

/** The root of `x³ - 3 x² + 3/2 x - 1/6` that makes the method L-stable. */
const gamma = 0.435866521508459;
const second = [(-4 * gamma ** 2 + 6 * gamma - 1) / (4 * gamma), (1 - 2 * gamma) / (4 * gamma), gamma];
const third = [
  (6 * gamma - 1) / (12 * gamma),
  -1 / ((24 * gamma - 12) * gamma),
  (-6 * gamma ** 2 + 6 * gamma - 1) / (6 * gamma - 3),
  gamma,
];

/**
 * Kvaerno 3(2): order 3, L-stable, four stages of which the first is known and the last is the first of the next step,
 * with a second order embedded, whose last stage it is too (Kvaerno 2004, method 3/2b).
 */
export const kvaerno3 = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit(
      {
        name: 'kvaerno3',
        order: 3,
        c: [0, 2 * gamma, 1, 1],
        a: [[], [gamma, gamma], second, third],
        b: third,
        errorWeights: third.map((weight, i) => weight - (second[i] ?? 0)),
      },
      options,
    ),
);
