import type { Eqn } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { constantAffine, flatten } from './affine.ts';
import { Expressions } from './express.ts';
import { rowSpace } from './rows.ts';
import type { UpdateMode, UpdateStage, UpdateTerm } from './schedule.ts';
import type { Storage } from './storage.ts';

/** Whether the updates of each row (batch item) stay within it. */
export const isBatched = (eqn: Eqn): boolean => eqn.primitive.name === 'scatter' && eqn.params.batchDims > 0;

/** The updates of `scatter` or `dynamicUpdateSlice`, over the space of the update array. */
export const updateStage = (storage: Storage, eqn: Eqn): UpdateStage =>
  eqn.primitive.name === 'scatter' ? scatterStage(storage, eqn) : windowStage(storage, eqn);

function scatterStage(storage: Storage, eqn: Eqn): UpdateStage {
  const [variable] = eqn.outputs;
  const [, indices, updates] = eqn.inputs;
  const { batchDims, mode } = eqn.params as { batchDims: number; mode: UpdateMode };
  const { space, coordinates } = rowSpace(updates.shape, isBatched(eqn) ? variable.shape[0] : 1)!;
  const expressions = new Expressions(storage, space);
  const limit = variable.shape[batchDims] - 1;
  const stride = sizeOf(variable.shape.slice(batchDims + 1));
  const index = expressions.at(indices, coordinates.slice(0, indices.shape.length));
  const none = constantAffine(0, space.length);
  const within = [...coordinates.slice(0, batchDims), none, ...coordinates.slice(indices.shape.length)];
  const place = flatten(within, variable.shape, space.length);
  const terms = [{ index, limit, stride, clamp: false }];
  return { kind: 'update', mode, space, variable, place, terms, value: expressions.at(updates, coordinates) };
}

function windowStage(storage: Storage, eqn: Eqn): UpdateStage {
  const [variable] = eqn.outputs;
  const [, update, ...starts] = eqn.inputs;
  const { space, coordinates } = rowSpace(update.shape, 1)!;
  const expressions = new Expressions(storage, space);
  const terms = starts.flatMap((start, axis): UpdateTerm[] => {
    const limit = variable.shape[axis] - update.shape[axis];
    const stride = sizeOf(variable.shape.slice(axis + 1));
    return limit > 0 ? [{ index: expressions.at(start, []), limit, stride, clamp: true }] : [];
  });
  const place = flatten(coordinates, variable.shape, space.length);
  return { kind: 'update', mode: 'set', space, variable, place, terms, value: expressions.at(update, coordinates) };
}
