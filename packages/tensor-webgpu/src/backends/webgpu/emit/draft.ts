import { type Body, gridOf, Kernel, kernelSource, type Touched } from './kernel.ts';
import type { DispatchNode } from './nodes.ts';
import { countersOf, type Region } from './region.ts';
import { bindingKey } from './spot.ts';

/** A body to be: what it touches, and how it is written into a kernel. */
export interface Draft {
  readonly label: string;
  readonly touched: readonly Touched[];
  readonly work: number;
  readonly body: (kernel: Kernel) => Body;
}

/** Operations and bytes up to which independent bodies share a dispatch: a dispatch of its own would cost more. */
const SMALL_WORK = 1 << 22;

/** Puts independent bodies into as few dispatches as their bindings allow; large ones stay alone. */
export function dispatchesOf(region: Region, drafts: readonly Draft[], bindings: number): DispatchNode[] {
  const open: { drafts: Draft[]; keys: Set<string>; work: number }[] = [];
  for (const draft of drafts) {
    const keys = new Set(draft.touched.map(({ spot }) => bindingKey(spot)));
    const joined = open.find(
      (other) => other.work + draft.work <= SMALL_WORK && new Set([...other.keys, ...keys]).size <= bindings,
    );
    if (joined) {
      joined.drafts.push(draft);
      for (const key of keys) joined.keys.add(key);
      joined.work += draft.work;
    } else open.push({ drafts: [draft], keys, work: draft.work });
  }
  return open.map((each) => dispatchOf(region, each.drafts));
}

function dispatchOf(region: Region, drafts: readonly Draft[]): DispatchNode {
  const kernel = new Kernel(
    region,
    drafts.flatMap(({ touched }) => touched),
  );
  const bodies = drafts.map(({ body }) => body(kernel));
  const source = kernelSource(kernel, bodies);
  const turns = [...kernel.turns].map((loop) => ({ loop, counters: countersOf(region.loops[loop]) }));
  return {
    kind: 'dispatch',
    label: drafts.map(({ label }) => label).join(' | '),
    source,
    spots: kernel.spots,
    turns,
    counters: turns.reduce((sum, { counters }) => sum + counters, 0),
    workgroups: gridOf(bodies.reduce((sum, { workgroups }) => sum + workgroups, 0)),
    work: drafts.reduce((sum, { work }) => sum + work, 0),
  };
}
