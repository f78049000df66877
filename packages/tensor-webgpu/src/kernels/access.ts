import type { Var } from '../program/aval.ts';
import { type Expression, loadsOf } from './expression.ts';
import type { ContractionStage, Stage, Store } from './form.ts';

/** The values that a stage evaluates. */
export function valuesOf(stage: Stage): readonly Expression[] {
  switch (stage.kind) {
    case 'loops':
      return stage.stores.map((store) => store.value);
    case 'reduce':
      return [stage.value];
    case 'update':
      return [stage.value, ...stage.terms.map((term) => term.index)];
    default:
      return [
        ...[stage.lhs, stage.rhs].flatMap((operand) => (operand.kind === 'computed' ? [operand.value] : [])),
        ...epilogueOf(stage).map((store) => store.value),
      ];
  }
}

const epilogueOf = (stage: ContractionStage): readonly Store[] => stage.epilogue?.stores ?? [];

/** The variables that a stage writes. */
export function madeBy(stage: Stage): Var[] {
  if (stage.kind === 'loops') return stage.stores.map((store) => store.variable);
  if (stage.kind !== 'contraction') return [stage.variable];
  return [...(stage.keeps ? [stage.variable] : []), ...epilogueOf(stage).map((store) => store.variable)];
}

/** The variables that a stage reads from memory, once each. */
export function readBy(stage: Stage): Var[] {
  const reads = new Set(loadsOf(valuesOf(stage)).map((load) => load.variable));
  if (stage.kind === 'contraction') {
    // The epilogue meets the product before it is in memory.
    reads.delete(stage.variable);
    for (const operand of [stage.lhs, stage.rhs]) if (operand.kind === 'memory') reads.add(operand.variable);
  }
  return [...reads];
}

const distinct = (lists: readonly (readonly Var[])[]): Var[] => [...new Set(lists.flat())];

/** What the stages of a part read and write in all; what one writes and another reads is in both lists. */
export const accessOf = (stages: readonly Stage[]): { reads: Var[]; writes: Var[] } => ({
  reads: distinct(stages.map(readBy)),
  writes: distinct(stages.map(madeBy)),
});
