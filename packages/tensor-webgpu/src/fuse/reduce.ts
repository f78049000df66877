import type { ReduceStage } from '../kernels/form.ts';
import { rowSpace } from '../kernels/rows.ts';
import { loweringAs } from '../program/lowering.ts';
import type { Eqn } from '../program/program.ts';
import type { Affine } from '../shape/affine.ts';
import { range } from '../shape/shape.ts';
import { Expressions } from './express.ts';
import type { Storage } from './storage.ts';

/**
 * A reduction over a space that has the kept axes first (axis 0 with `rows` steps) and the reduced axes last; `null` when
 * the result cannot be cut in so many rows.
 */
export function reduceStage(storage: Storage, eqn: Eqn, rows: number): ReduceStage | null {
  const lowering = loweringAs(eqn.primitive, 'reduce')!;
  const [variable] = eqn.outputs;
  const [input] = eqn.inputs;
  const axes = lowering.axes(eqn.params);
  const view = rowSpace(variable.shape, rows);
  if (!view) return null;
  const space = [...view.space, ...axes.map((axis) => input.shape[axis])];
  const coordinates = new Array<Affine>(input.shape.length);
  const kept = range(0, input.shape.length).filter((axis) => !axes.includes(axis));
  kept.forEach((axis, i) => {
    const { offset, strides } = view.coordinates[i];
    coordinates[axis] = { offset, strides: [...strides, ...axes.map(() => 0)] };
  });
  axes.forEach((axis, i) => {
    const strides = new Array<number>(space.length).fill(0);
    strides[view.space.length + i] = 1;
    coordinates[axis] = { offset: 0, strides };
  });
  const value = new Expressions(storage, space).at(input, coordinates);
  const { operation } = lowering;
  const ofSums = eqn.params.ofSums === true && { ofSums: true };
  return { kind: 'reduce', operation, space, kept: view.space.length, value, variable, ...ofSums };
}
