import { contractionEntries, indexingEntries, reductionEntries, shapeEntries, windowEntries } from './arrays.ts';
import { activationEntries, arithmeticEntries, logicalEntries, transcendentalEntries } from './elementwise.ts';
import type { OpEntry } from './entry.ts';

/** Every function with what is promised of it; checks and documentation run through this list. */
export const opTable: readonly OpEntry[] = [
  ...arithmeticEntries,
  ...transcendentalEntries,
  ...activationEntries,
  ...logicalEntries,
  ...reductionEntries,
  ...shapeEntries,
  ...indexingEntries,
  ...contractionEntries,
  ...windowEntries,
];
