import { accessOf } from '../kernels/access.ts';
import { loadsOf } from '../kernels/expression.ts';
import type { Store } from '../kernels/form.ts';
import { readOwnRows } from '../kernels/rows.ts';
import type { Target } from '../kernels/target.ts';
import type { Atom, Var } from '../program/aval.ts';
import { loweringAs } from '../program/lowering.ts';
import type { Eqn } from '../program/program.ts';
import { constantAffine, flatten, identityCoordinates, scaled } from '../shape/affine.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import type { Draft, RowDraft } from './draft.ts';
import type { Groups } from './groups.ts';
import type { Loops, OpenLoops } from './loops.ts';

/** A loop over a box of an output, and what it stores there: an input, over that box, or `null` for a number. */
export interface PieceDraft extends RowDraft {
  readonly stages: readonly [OpenLoops];
  readonly input: Atom | null;
  readonly space: Shape;
}

/** Boxes of the output that do not overlap, each filled by a loop; at least one part. */
export function pieceParts(loops: Loops, eqn: Eqn): PieceDraft[] {
  const [variable] = eqn.outputs;
  const { dtype, shape } = variable;
  const rank = shape.length;
  const parts: PieceDraft[] = [];
  for (const { start, extents, from } of loweringAs(eqn.primitive, 'pieces')!.pieces(
    eqn.inputs,
    eqn.params,
    variable,
  )!) {
    if (sizeOf(extents) === 0) continue;
    const wide = rank === 0 ? [1] : extents;
    const stage = loops.make(wide);
    const own = identityCoordinates(rank);
    const place =
      rank === 0
        ? constantAffine(0, 1)
        : flatten(
            own.map((form, i) => scaled(form, 1, start[i])),
            shape,
            rank,
          );
    const value =
      'input' in from
        ? loops.expressions(stage).at(eqn.inputs[from.input], own)
        : ({ kind: 'literal', dtype, value: from.value } as const);
    stage.stores.push({ variable, place, value });
    const input = 'input' in from && rank > 0 ? eqn.inputs[from.input] : null;
    parts.push({ rows: wide[0], stages: [stage], input, space: extents });
  }
  if (parts.length === 0) {
    // An output without elements is made all the same: others may name it.
    const stage = loops.make(shape);
    const place = flatten(identityCoordinates(rank), shape, rank);
    stage.stores.push({ variable, place, value: { kind: 'literal', dtype, value: 0 } });
    parts.push({ rows: shape[0], stages: [stage], input: null, space: shape });
  }
  return parts;
}

/** Makes pieces one part that has all of each row, if they lie side by side in rows and the target chains rows. */
export function placeSideBySide(
  groups: Groups,
  loops: Loops,
  target: Target,
  eqn: Eqn,
  parts: readonly PieceDraft[],
): boolean {
  const [variable] = eqn.outputs;
  const { chained, fewRows, oneRow } = target;
  const [rows] = variable.shape;
  if (parts.length < 2 || rows < fewRows || sizeOf(variable.shape) <= oneRow) return false;
  if (!chained.includes('loops') || !chained.includes('contraction')) return false;
  if (parts.some((part) => part.rows !== rows)) return false;
  const stages = filledFirst(loops, variable, parts);
  const { reads } = accessOf(stages);
  const latest = groups.latest(reads);
  const near = eqn.params.beside && groups.draftOf(eqn.params.beside);
  const isThere = near && groups.latest(reads.filter((read) => !near.has(read))) < near.group;
  const joined = isThere ? near : groups.partToJoin(reads, latest);
  const readsOwn = (draft: Draft): boolean =>
    stages.every(({ space, stores }) => readOwnRows(loadsOf(stores.map(({ value }) => value)), space, rows, draft));
  if (joined?.rows === rows && joined.takes('loops') && joined.binds([variable, ...reads]) && readsOwn(joined))
    for (const stage of stages) groups.addStage(joined, stage, variable);
  else groups.addRows({ rows, stages }, latest, variable);
  return true;
}

/** What a row of a box costs beside its elements, in elements that are filled one after another. */
const ROW_COST = 64;

const literalOf = ({ value }: Store): number | null => (value.kind === 'literal' ? value.value : null);

/** The stages of pieces; where boxes of one number have many short rows, all of the output is filled with it first. */
function filledFirst(loops: Loops, variable: Var, parts: readonly PieceDraft[]): OpenLoops[] {
  const { shape } = variable;
  const fills = parts.filter(({ input }) => input === null);
  const values = new Set(fills.map(({ stages: [{ stores }] }) => literalOf(stores[0])));
  const rowsOfFills = fills.reduce((sum, { space }) => sum + sizeOf(space.slice(0, -1)), 0);
  if (values.size !== 1 || values.has(null) || ROW_COST * rowsOfFills < sizeOf(shape))
    return parts.map(({ stages }) => stages[0]);
  const fill = loops.make(shape);
  const place = flatten(identityCoordinates(shape.length), shape, shape.length);
  fill.stores.push({ variable, place, value: fills[0].stages[0].stores[0].value });
  return [fill, ...parts.filter(({ input }) => input !== null).map(({ stages }) => stages[0])];
}
