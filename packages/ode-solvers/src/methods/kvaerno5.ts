import { diagonallyImplicit } from '../diagonallyImplicit.ts';
import { remembered } from '../remembered.ts';
import type { OdeSolver } from '../solver.ts';
import type { ImplicitOptions } from '../stages.ts';

const gamma = 0.26;
const fourth = [0.13855640231268224, 0, -0.04245337201752043, 0.02446657898003141, 0.6194303907248068, gamma];
const fifth = [
  0.13659751177640292,
  0,
  -0.05496908796538376,
  -0.04118626728321046,
  0.629933048990164,
  0.06962479448202728,
  gamma,
];

/**
 * Kvaerno 5(4): order 5, L-stable, seven stages of which the first is known and the last is the first of the next step,
 * with a fourth order embedded (Kvaerno 2004). Its third stage stands at 1.23 steps, beyond the end.
 */
export const kvaerno5 = remembered(
  (options?: ImplicitOptions): OdeSolver =>
    diagonallyImplicit(
      {
        name: 'kvaerno5',
        order: 5,
        c: [0, 0.52, 1.230333209967908, 0.895765984350076, 0.436393609858648, 1, 1],
        a: [
          [],
          [gamma, gamma],
          [0.13, 0.8403332099679081, gamma],
          [0.22371961478320504, 0.476755323197997, -0.06470895363112615, gamma],
          [0.16648564323248322, 0.1045001884159172, 0.03631482272098715, -0.13090704451073998, gamma],
          fourth,
          fifth,
        ],
        b: fifth,
        errorWeights: fifth.map((weight, i) => weight - (fourth[i] ?? 0)),
      },
      options,
    ),
);
