import type { Operation } from '../scope.ts';
import { arrayOperations } from './arrays.ts';
import { boundaryOperations } from './boundaries.ts';
import { contractionOperations } from './contractions.ts';
import { controlOperations } from './control.ts';
import { creationOperations } from './creation.ts';
import { elementwiseOperations } from './elementwise.ts';

/** Every operation that random programs are made of, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...elementwiseOperations,
  ...arrayOperations,
  ...contractionOperations,
  ...controlOperations,
  ...creationOperations,
  ...boundaryOperations,
};

/** Those that long programs are made of: they keep shapes small and cost little to run. */
export const lightOperations: readonly string[] = [
  ...Object.keys(elementwiseOperations).filter((name) => !['hypot', 'cast', 'integers', 'shifts'].includes(name)),
  'sum',
  'extreme',
  'transpose',
  'reshape',
  'flip',
  'roll',
  'slice',
  'mul',
  'add',
  'where',
];
