import type { Var } from '../program/program.ts';
import { loadsOf } from './expression.ts';
import type { Group, Part, Stage } from './schedule.ts';
import { valuesOf } from './stages.ts';

function readsOfStage(stage: Stage): Var[] {
  if (stage.kind === 'contraction') return [stage.lhs.variable, stage.rhs.variable];
  return loadsOf(valuesOf(stage)).map((load) => load.variable);
}

/** The variables that a part reads from memory. */
export function readsOf(part: Part): Var[] {
  if (part.kind !== 'rows') return part.operands.filter((operand) => operand !== null);
  return part.stages.flatMap(readsOfStage);
}

/** Leaves out stores that nothing reads: values that were only needed by the loop that made them. */
export function dropUnusedStores(groups: readonly Group[], outputs: readonly Var[]): Group[] {
  const needed = new Set<Var>(outputs);
  const kept: Group[] = [];
  for (const group of [...groups].reverse()) {
    const parts: Part[] = [];
    for (const part of group.parts) {
      if (part.kind === 'rows') {
        const stages: Stage[] = [];
        for (const stage of [...part.stages].reverse()) {
          if (stage.kind === 'loops') {
            stage.stores = stage.stores.filter((store) => needed.has(store.variable));
            if (stage.stores.length === 0) continue;
          }
          stages.push(stage);
          for (const variable of readsOfStage(stage)) needed.add(variable);
        }
        part.stages.splice(0, part.stages.length, ...stages.reverse());
        if (part.stages.length === 0) continue;
      } else {
        for (const variable of readsOf(part)) needed.add(variable);
      }
      parts.push(part);
    }
    if (parts.length > 0) kept.push({ parts });
  }
  return kept.reverse();
}
