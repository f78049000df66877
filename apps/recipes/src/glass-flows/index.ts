import type { Paper } from '../part.ts';
import { digits } from './digits.ts';
import { exact } from './exact.ts';
import { learned } from './learned.ts';
import { steering } from './steering.ts';
import { transition } from './transition.ts';

export const glassFlows: Paper = {
  name: 'glass-flows',
  reference: 'Holderrieth, Singer, Jaakkola, Chen, Lipman, Karrer: GLASS Flows, 2025',
  parts: [exact, transition, steering, learned, digits],
};
