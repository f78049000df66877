import type { Paper } from '../part.ts';
import { dimension } from './dimension.ts';
import { fewStepsExact } from './fewStepsExact.ts';

export const kineticOptimal: Paper = {
  name: 'kinetic-optimal',
  reference: 'Shaul, Chen, Nickel, Le, Lipman: On Kinetic Optimal Probability Paths for Generative Models, 2023',
  parts: [fewStepsExact, dimension],
};
