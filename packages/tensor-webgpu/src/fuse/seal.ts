import { accessOf, madeBy, readBy } from '../kernels/access.ts';
import type { CallPart, ControlPart, Group, LoopStage, Part, Stage } from '../kernels/form.ts';
import type { Var } from '../program/aval.ts';
import type { Draft } from './draft.ts';

export type OpenPart = Draft | CallPart | ControlPart;

/**
 * The finished form of groups: without stores that nothing reads (values that were only needed by the loop that made
 * them), and with the lists of what each part reads and writes.
 */
export function seal(groups: readonly { readonly parts: readonly OpenPart[] }[], outputs: readonly Var[]): Group[] {
  const needed = new Set<Var>(outputs);
  const kept: Group[] = [];
  for (const group of [...groups].reverse()) {
    const parts: Part[] = [];
    for (const part of group.parts) {
      if ('kind' in part) {
        for (const variable of part.reads) needed.add(variable);
        parts.push(part);
        continue;
      }
      const stages: Stage[] = [];
      for (let at = part.stages.length - 1; at >= 0; at--) {
        const stage = needs(part, at, needed);
        if (madeBy(stage).length === 0) continue;
        stages.push(stage);
        for (const variable of readBy(stage)) needed.add(variable);
      }
      stages.reverse();
      if (stages.length > 0) parts.push({ kind: 'rows', rows: part.rows, stages, ...accessOf(stages) });
    }
    if (parts.length > 0) kept.push({ parts });
  }
  return kept.reverse();
}

/** Stage `at` of a part with only those of its results that are needed. */
function needs(part: Draft, at: number, needed: ReadonlySet<Var>): Stage {
  const stage = part.stages[at];
  const filtered = ({ kind, space, stores }: LoopStage): LoopStage => ({
    kind,
    space,
    stores: stores.filter((store) => needed.has(store.variable)),
  });
  if (stage.kind === 'loops') return filtered(stage);
  const epilogue = part.epilogues.get(at);
  if (stage.kind !== 'contraction' || !epilogue) return stage;
  return { ...stage, keeps: needed.has(stage.variable), epilogue: filtered(epilogue) };
}
