import type { Paper } from '../part.ts';
import { exact } from './exact.ts';
import { exp } from './exp.ts';
import { graph8c } from './graph8c.ts';
import { nbody } from './nbody.ts';
import { shapes } from './shapes.ts';

export const frameAveraging: Paper = {
  name: 'frame-averaging',
  reference: 'Puny, Atzmon, Ben-Hamu, Misra, Grover, Smith, Lipman: Frame Averaging, 2022',
  parts: [exact, graph8c, exp, nbody, shapes],
};
