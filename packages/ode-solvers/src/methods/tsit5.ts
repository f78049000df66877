import { remembered } from '../remembered.ts';
import { rungeKutta } from '../rungeKutta.ts';
import type { OdeSolver } from '../solver.ts';

const fifth = [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774];

/** The coefficients of theta, theta^2, ... of `scale theta^2 (theta^2 - sum theta + product)`. */
const quadratic = (scale: number, sum: number, product: number): number[] => [0, scale * product, -scale * sum, scale];

const start = {
  scale: -1.0530884977290216,
  root: 1.329989018975141,
  sum: 1.4364028541716352,
  product: 0.7139816917074209,
};

/**
 * Tsitouras 5(4): order 5 with an embedded fourth order, seven stages of which the last is the first of the next step,
 * dense output of order 4 (Tsitouras 2011).
 */
export const tsit5 = remembered(
  (): OdeSolver =>
    rungeKutta({
      name: 'tsit5',
      order: 5,
      c: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
      a: [
        [],
        [0.161],
        [-0.008480655492356989, 0.335480655492357],
        [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
        [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
        [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        fifth,
      ],
      b: [...fifth, 0],
      errorWeights: [
        0.001780011052225777,
        0.0008164344596567469,
        -0.007880878010261995,
        0.1447110071732629,
        -0.5823571654525552,
        0.45808210592918697,
        -1 / 66,
      ],
      dense: [
        [
          -start.scale * start.root * start.product,
          start.scale * (start.product + start.root * start.sum),
          -start.scale * (start.sum + start.root),
          start.scale,
        ],
        quadratic(0.1017, 2.1966568338249752, 1.294985250737463),
        quadratic(2.490627285651253, 2.3853564547206165, 1.5780346820809248),
        quadratic(
          -16.548102889244902,
          1.2171292729553325 + 0.6162040603780009,
          1.2171292729553325 * 0.6162040603780009,
        ),
        quadratic(47.37952196281928, 1.2030712083723627 + 0.6580472926535473, 1.2030712083723627 * 0.6580472926535473),
        quadratic(-34.87065786149661, 1.2 + 0.6666666666666666, 1.2 * 0.6666666666666666),
        quadratic(2.5, 1.6, 0.6),
      ],
    }),
);
