import type { Paper } from '../part.ts';
import { dimension } from './dimension.ts';
import { exact } from './exact.ts';
import { fewStepsExact } from './fewStepsExact.ts';
import { fewStepsLearned } from './fewStepsLearned.ts';

export const kineticOptimal: Paper = {
  name: 'kinetic-optimal',
  reference: 'Shaul, Chen, Nickel, Le, Lipman: On Kinetic Optimal Probability Paths for Generative Models, 2023',
  parts: [exact, fewStepsExact, dimension, fewStepsLearned],
};
