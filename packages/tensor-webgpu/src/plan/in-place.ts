import { sameAffine } from '../fuse/affine.ts';
import { loadsOf } from '../fuse/expression.ts';
import { contractsOwnRows, withinRow } from '../fuse/rows.ts';
import type { RowPart, Stage } from '../fuse/schedule.ts';
import { madeBy, valuesOf } from '../fuse/stages.ts';
import type { Var } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';

/** Whether the stage reads `variable` only in the rows of its own block. */
function readsInRow(stage: Stage, rows: number, variable: Var): boolean {
  if (stage.kind === 'contraction') return contractsOwnRows(stage, rows, new Set([variable]));
  return loadsOf(valuesOf(stage)).every(
    (load) =>
      load.variable !== variable ||
      rows === 1 ||
      (load.terms.length === 0 && withinRow(load.place, stage.space, rows, sizeOf(variable.shape))),
  );
}

const reads = (stage: Stage, variable: Var): boolean => {
  if (stage.kind === 'contraction') return stage.lhs.variable === variable || stage.rhs.variable === variable;
  return loadsOf(valuesOf(stage)).some((load) => load.variable === variable);
};

/**
 * Whether `made` may take the memory of `old` while `part`, the last to read `old`, runs: rows of `old` are read only by
 * the block that overwrites them, by earlier stages or, in the same loop, at the very element that is written.
 */
export function mayOverwrite(part: RowPart, old: Var, made: Var): boolean {
  const at = part.stages.findIndex((stage) => madeBy(stage).includes(made));
  for (let i = 0; i < part.stages.length; i++) {
    const stage = part.stages[i];
    if (!reads(stage, old)) continue;
    if (i > at) return false;
    if (i < at) {
      if (!readsInRow(stage, part.rows, old)) return false;
      continue;
    }
    if (stage.kind !== 'loops') return false;
    const target = stage.stores.find((store) => store.variable === made)!;
    const elementwise = loadsOf(stage.stores.map((store) => store.value)).every(
      (load) => load.variable !== old || (load.terms.length === 0 && sameAffine(load.place, target.place)),
    );
    if (!elementwise) return false;
  }
  return true;
}
