import type { Paper } from '../part.ts';
import { agl15 } from './agl15.ts';
import { exact } from './exact.ts';
import { parity } from './parity.ts';

export const invariantUniversality: Paper = {
  name: 'invariant-universality',
  reference: 'Maron, Fetaya, Segol, Lipman: On the Universality of Invariant Networks, 2019',
  parts: [exact, parity, agl15],
};
