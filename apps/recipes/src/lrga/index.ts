import type { Paper } from '../part.ts';
import { cluster } from './cluster.ts';
import { cycles } from './cycles.ts';
import { exact } from './exact.ts';
import { exp } from './exp.ts';
import { linearCost } from './linearCost.ts';

export const lrga: Paper = {
  name: 'lrga',
  reference: 'Puny, Ben-Hamu, Lipman: Global Attention Improves Graph Networks Generalization, 2020',
  parts: [exact, cluster, cycles, exp, linearCost],
};
