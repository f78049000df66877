import { frames } from './frames.ts';
import { groups } from './groups.ts';
import { ign } from './ign.ts';
import type { Law } from './law.ts';
import { set2graph } from './set2graph.ts';
import { sets } from './sets.ts';

/** What is exactly true of the layers, by the paper that says so. */
export const papers: Readonly<Record<string, readonly Law[]>> = {
  'Maron et al. 2018, Invariant and Equivariant Graph Networks': ign,
  'Maron et al. 2019, On the Universality of Invariant Networks': groups,
  'Puny et al. 2021, Frame Averaging': frames,
  'Segol and Lipman 2019, On Universal Equivariant Set Networks': sets,
  'Serviansky et al. 2020, Set2Graph': set2graph,
};
