import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

/** Fehlberg 2(1): order 2 with an embedded first order, three stages (Fehlberg 1969, NASA TR R-315, RK1(2)). */
export const fehlberg2 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'fehlberg2',
      order: 2,
      c: [0, 1 / 2, 1],
      a: [[], [1 / 2], [1 / 256, 255 / 256]],
      b: [1 / 512, 255 / 256, 1 / 512],
      errorWeights: [-1 / 512, 0, 1 / 512],
    }),
);
