import type { Operation } from '../scope.ts';
import { arrayOperations } from './arrays.ts';
import { contractionOperations } from './contractions.ts';
import { controlOperations } from './control.ts';
import { elementwiseOperations } from './elementwise.ts';

/** Every operation that random programs are made of, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...elementwiseOperations,
  ...arrayOperations,
  ...contractionOperations,
  ...controlOperations,
};
