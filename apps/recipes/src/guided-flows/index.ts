import type { Paper } from '../part.ts';
import { digits } from './digits.ts';
import { exact } from './exact.ts';
import { planning, planningDiffusion } from './planning.ts';
import { ring } from './ring.ts';

export const guidedFlows: Paper = {
  name: 'guided-flows',
  reference: 'Zheng, Le, Shaul, Lipman, Grover, Chen: Guided Flows for Generative Modeling and Decision Making, 2023',
  parts: [exact, ring, digits, planning, planningDiffusion],
};
