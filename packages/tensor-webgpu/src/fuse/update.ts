import type { UpdateStage } from '../kernels/form.ts';
import { rowSpace } from '../kernels/rows.ts';
import { loweringAs } from '../program/lowering.ts';
import type { Eqn } from '../program/program.ts';
import { flatten } from '../shape/affine.ts';
import { rowMajorStrides } from '../shape/shape.ts';
import { Expressions } from './express.ts';
import type { Storage } from './storage.ts';

/** Whether the updates of each row (batch item) stay within it. */
export const isBatched = (eqn: Eqn): boolean => loweringAs(eqn.primitive, 'update')?.batched(eqn.params) === true;

/** The updates of an equation that changes elements of its first operand, over the space of the new values. */
export function updateStage(storage: Storage, eqn: Eqn): UpdateStage {
  const lowering = loweringAs(eqn.primitive, 'update')!;
  const [variable] = eqn.outputs;
  const values = eqn.inputs[lowering.values];
  const { space, coordinates } = rowSpace(values.shape, isBatched(eqn) ? variable.shape[0] : 1)!;
  const expressions = new Expressions(storage, space);
  const choice = lowering.choose(coordinates, eqn.inputs, eqn.params, space.length);
  const strides = rowMajorStrides(variable.shape);
  return {
    kind: 'update',
    mode: lowering.mode(eqn.params),
    space,
    variable,
    place: flatten(choice.coordinates, variable.shape, space.length),
    terms: choice.chosen.map(({ axis, input, at, limit }) => ({
      index: expressions.at(eqn.inputs[input], at),
      limit,
      stride: strides[axis],
      clamp: lowering.clamps,
    })),
    value: expressions.at(values, coordinates),
  };
}
