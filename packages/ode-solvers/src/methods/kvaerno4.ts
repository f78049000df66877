import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

/** The diagonal with which the step of order 4 is L-stable. */
const gamma = 0.5728160625;
const polynomial = (...coefficients: number[]): number => coefficients.reduce((sum, next) => sum * gamma + next, 0);

// Kvaerno's formulas in gamma for the weights of five stages.
const square = 12 * gamma ** 2;
const [p, q, r] = [polynomial(12, -9, 2), polynomial(3, -1), polynomial(12, -6, 1)];
const second = [
  (polynomial(144, -180, 81, -15, 1) * gamma) / r ** 2,
  (polynomial(-36, 39, -15, 2) * gamma) / r ** 2,
  gamma,
];
const third = [
  polynomial(-144, 396, -330, 117, -18, 1) / (square * p),
  polynomial(72, -126, 69, -15, 1) / (square * q),
  (polynomial(-6, 6, -1) * r ** 2) / (square * p * q),
  gamma,
];
const fourth = [
  polynomial(288, -312, 120, -18, 1) / (4 * square * p),
  polynomial(24, -12, 1) / (4 * square * q),
  -(r ** 3) / (4 * square * q * p * polynomial(6, -6, 1)),
  polynomial(-24, 36, -12, 1) / polynomial(24, -24, 4),
  gamma,
];

/**
 * Kvaerno 4(3): order 4, L-stable, five stages of which the first is known and the last is the first of the next step,
 * with a third order embedded (Kvaerno 2004, method 4/3). Its second stage stands at 1.15 steps, beyond the end.
 */
export const kvaerno4 = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit(
      {
        name: 'kvaerno4',
        order: 4,
        c: [0, 2 * gamma, second[0] + second[1] + gamma, 1, 1],
        a: [[], [gamma, gamma], second, third, fourth],
        b: fourth,
        errorWeights: fourth.map((weight, i) => weight - (third[i] ?? 0)),
      },
      options,
    ),
);
