import { contractionEntries, indexingEntries, reductionEntries, shapeEntries, windowEntries } from './arrays.ts';
import { activationEntries, arithmeticEntries, logicalEntries, transcendentalEntries } from './elementwise.ts';
import type { OpEntry } from './entry.ts';
import { spatialEntries } from './spatial.ts';

/** Every function with what is promised of it, by chapter. */
export const opChapters: Readonly<Record<string, readonly OpEntry[]>> = {
  Arithmetic: arithmeticEntries,
  'Real functions': transcendentalEntries,
  Activations: activationEntries,
  'Comparison and logic': logicalEntries,
  'Reductions and running results': reductionEntries,
  'Shapes and joins': shapeEntries,
  'Indexing and sorting': indexingEntries,
  'Products and linear algebra': contractionEntries,
  'Windows and convolutions': [...windowEntries, ...spatialEntries],
};

/** The same as one list; checks and documentation run through it. */
export const opTable: readonly OpEntry[] = Object.values(opChapters).flat();
