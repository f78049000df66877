import { type Body, gridOf, Kernel, kernelSource, type Touched } from './kernel.ts';
import type { DispatchNode } from './nodes.ts';
import { countersOf, type Region } from './region.ts';
import { bindingKey } from './spot.ts';

/** Work of a kernel: what it touches, and how it is written. */
interface Common {
  readonly label: string;
  readonly touched: readonly Touched[];
  /** About how many operations it does. */
  readonly flops: number;
}

/** A body that may share a kernel with others. */
interface BodyDraft extends Common {
  readonly body: (kernel: Kernel) => Body;
}

/** A module of its own. */
interface ModuleDraft extends Common {
  readonly workgroups: readonly [number, number, number];
  readonly module: (kernel: Kernel) => string;
}

export type Draft = BodyDraft | ModuleDraft;

/** Operations up to which independent bodies share a dispatch: a dispatch of its own would cost more. */
const SMALL_WORK = 1 << 25;

/** Puts independent bodies into as few dispatches as their bindings allow; large ones stay alone. */
export function dispatchesOf(region: Region, drafts: readonly Draft[], bindings: number): DispatchNode[] {
  const nodes: DispatchNode[] = [];
  const open: { drafts: BodyDraft[]; keys: Set<string>; flops: number }[] = [];
  for (const draft of drafts) {
    if ('module' in draft) {
      nodes.push(moduleDispatch(region, draft));
      continue;
    }
    const keys = new Set(draft.touched.map(({ spot }) => bindingKey(spot)));
    const joined = open.find(
      (other) => other.flops + draft.flops <= SMALL_WORK && new Set([...other.keys, ...keys]).size <= bindings,
    );
    if (joined) {
      joined.drafts.push(draft);
      for (const key of keys) joined.keys.add(key);
      joined.flops += draft.flops;
    } else open.push({ drafts: [draft], keys, flops: draft.flops });
  }
  return [...nodes, ...open.flatMap((each) => dispatchOf(region, each.drafts))];
}

function moduleDispatch(region: Region, { label, touched, flops, workgroups, module }: ModuleDraft): DispatchNode {
  const kernel = new Kernel(region, touched);
  const text = module(kernel);
  return nodeOf(kernel, { label, source: kernel.moduleText(text), workgroups, flops });
}

function dispatchOf(region: Region, drafts: readonly BodyDraft[]): DispatchNode[] {
  const kernel = new Kernel(
    region,
    drafts.flatMap(({ touched }) => touched),
  );
  const bodies = drafts.map(({ body }) => body(kernel)).filter(({ workgroups }) => workgroups > 0);
  if (bodies.length === 0) return [];
  const node = nodeOf(kernel, {
    label: drafts.map(({ label }) => label).join(' | '),
    source: kernelSource(kernel, bodies),
    workgroups: gridOf(bodies.reduce((sum, { workgroups }) => sum + workgroups, 0)),
    flops: drafts.reduce((sum, { flops }) => sum + flops, 0),
  });
  return [node];
}

function nodeOf(
  { spots, turns, region }: Kernel,
  made: Pick<DispatchNode, 'label' | 'source' | 'workgroups' | 'flops'>,
): DispatchNode {
  const counted = [...turns].map((loop) => ({ loop, counters: countersOf(region.loops[loop]) }));
  return {
    kind: 'dispatch',
    spots,
    turns: counted,
    counters: counted.reduce((sum, { counters }) => sum + counters, 0),
    bytes: spots.reduce((sum, { bytes }) => sum + bytes, 0),
    ...made,
  };
}
