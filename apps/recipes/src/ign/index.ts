import type { Paper } from '../part.ts';
import { exact } from './exact.ts';

export const ign: Paper = {
  name: 'ign',
  reference: 'Maron, Ben-Hamu, Shamir, Lipman: Invariant and Equivariant Graph Networks, 2019',
  parts: [exact],
};
