import { bytesPerElement } from '../../dtype/dtype.ts';
import type { Target } from '../../kernels/target.ts';

/** Kernels for cores with caches: rows are chained through every kind of work, in blocks that stay in the cache. */
export const cpuTarget: Target = {
  chained: ['loops', 'reduce', 'contraction', 'update'],
  prologues: false,
  epilogues: false,
  bindings: Infinity,
  // Whole vectors may run past the end of a buffer.
  alignment: 64,
  bytesPerElement,
  costs: {},
  cheap: { cost: 3, loads: 2 },
  // Beyond these the values of a loop body do not fit the registers.
  largest: { loads: 24, nodes: 160 },
  loopNodes: 2048,
  oneRow: 256,
  smallFirst: false,
  fewRows: 8,
  smallWork: 4096,
  // Some tens of microseconds of work on one core; large are four megabytes, more than the second cache holds.
  split: {
    fewRows: 32,
    pieces: 16,
    terms: 4096,
    work: 1 << 19,
    productWork: 1 << 21,
    large: { elements: 1 << 20, terms: 512 },
  },
  // Products of fewer columns leave much of their last strips empty.
  batchedPlaces: 128,
  // A megabyte of 32-bit elements stays in the second cache.
  sharedOperand: 1 << 18,
};
