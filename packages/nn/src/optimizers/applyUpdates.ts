import { mapTree } from './transform.ts';

/** parameters + updates, leaf by leaf, in the dtypes of the parameters. */
export const applyUpdates = <P>(params: P, updates: P): P =>
  mapTree((leaf, update) => leaf.add(update.astype(leaf.dtype)), params, updates);
