import type { Var } from '../program/program.ts';
import { loadsOf } from './expression.ts';
import type { Group, Part } from './schedule.ts';
import { valuesOf } from './stages.ts';

/** The variables that a part reads from memory. */
export function readsOf(part: Part): Var[] {
  if (part.kind !== 'rows') return part.operands.filter((operand) => operand !== null);
  return part.stages.flatMap((stage) => {
    if (stage.kind === 'contraction') return [stage.lhs.variable, stage.rhs.variable];
    return loadsOf(valuesOf(stage)).map((load) => load.variable);
  });
}

/** Leaves out stores that nothing reads: values that were only needed by the loop that made them. */
export function dropUnusedStores(groups: readonly Group[], outputs: readonly Var[]): Group[] {
  const needed = new Set<Var>(outputs);
  const kept: Group[] = [];
  for (const group of [...groups].reverse()) {
    const parts: Part[] = [];
    for (const part of group.parts) {
      if (part.kind === 'rows') {
        for (let i = part.stages.length - 1; i >= 0; i--) {
          const stage = part.stages[i];
          if (stage.kind === 'loops') {
            stage.stores = stage.stores.filter((store) => needed.has(store.variable));
            if (stage.stores.length === 0) part.stages.splice(i, 1);
          }
          for (const variable of readsOf({ kind: 'rows', rows: part.rows, stages: [stage] })) needed.add(variable);
        }
        if (part.stages.length === 0) continue;
      } else {
        for (const variable of readsOf(part)) needed.add(variable);
      }
      parts.push(part);
    }
    if (parts.length > 0) kept.unshift({ parts });
  }
  return kept;
}
