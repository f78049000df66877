import type { Paper } from '../part.ts';
import { exact } from './exact.ts';
import { fiedler } from './fiedler.ts';
import { knapsack } from './knapsack.ts';
import { quadratic } from './quadratic.ts';

export const pointnetst: Paper = {
  name: 'pointnetst',
  reference: 'Segol, Lipman: On Universal Equivariant Set Networks, 2020',
  parts: [exact, quadratic, knapsack, fiedler],
};
