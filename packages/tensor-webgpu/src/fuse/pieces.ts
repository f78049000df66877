import type { Eqn } from '../program/program.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { constantAffine, flatten, identityCoordinates, scaled } from './affine.ts';
import type { Expressions } from './express.ts';
import type { Expression } from './expression.ts';
import type { Loops } from './loops.ts';
import type { RowPart } from './schedule.ts';

/** A box of an output, from `start` on, and what fills it. */
interface Piece {
  readonly space: Shape;
  readonly start: readonly number[];
  readonly value: (expressions: Expressions) => Expression;
}

/** `concat` and `pad`: boxes of the output that do not overlap, each filled by a loop; at least one part. */
export function pieceParts(loops: Loops, eqn: Eqn): RowPart[] {
  const [variable] = eqn.outputs;
  const rank = variable.shape.length;
  const parts: RowPart[] = [];
  for (const { space, start, value } of eqn.primitive.name === 'concat' ? joined(eqn) : padded(eqn)) {
    if (sizeOf(space) === 0) continue;
    const wide = rank === 0 ? [1] : space;
    const stage = loops.make(wide);
    const coordinates = identityCoordinates(rank).map((form, i) => scaled(form, 1, start[i]));
    const place = rank === 0 ? constantAffine(0, 1) : flatten(coordinates, variable.shape, rank);
    stage.stores.push({ variable, place, value: value(loops.expressions(stage)) });
    parts.push({ kind: 'rows', rows: wide[0], stages: [stage] });
  }
  return parts.length > 0 ? parts : [{ kind: 'rows', rows: 0, stages: [] }];
}

function joined(eqn: Eqn): Piece[] {
  const rank = eqn.outputs[0].shape.length;
  let at = 0;
  return eqn.inputs.map((atom) => {
    const start = new Array<number>(rank).fill(0);
    start[eqn.params.axis] = at;
    at += atom.shape[eqn.params.axis];
    return { space: atom.shape, start, value: (expressions) => expressions.at(atom, identityCoordinates(rank)) };
  });
}

function padded(eqn: Eqn): Piece[] {
  const { low, high, value } = eqn.params as { low: number[]; high: number[]; value: number };
  const [input] = eqn.inputs;
  const { shape, dtype } = eqn.outputs[0];
  const fill: Expression = { kind: 'literal', dtype, value };
  const pieces: Piece[] = [];
  shape.forEach((_, axis) => {
    // Earlier axes are restricted to the input's range, later ones run over the whole output.
    const slab = (from: number, extent: number): void => {
      const space = shape.map((whole, i) => (i < axis ? input.shape[i] : i === axis ? extent : whole));
      const start = shape.map((__, i) => (i < axis ? low[i] : i === axis ? from : 0));
      pieces.push({ space, start, value: () => fill });
    };
    slab(0, low[axis]);
    slab(low[axis] + input.shape[axis], high[axis]);
  });
  const inner = (expressions: Expressions): Expression => expressions.at(input, identityCoordinates(shape.length));
  pieces.push({ space: input.shape, start: low, value: inner });
  return pieces;
}
