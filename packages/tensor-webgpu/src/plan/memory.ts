import type { CallPart, ControlPart, Part, RowPart, Schedule, Stage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import type { BlockMemory } from './blocks.ts';

/** Where a variable lies: in the arena, or in the memory of an input or output of its program. */
export type Place =
  | { readonly in: 'arena'; readonly offset: number }
  | { readonly in: 'input'; readonly index: number }
  | { readonly in: 'output'; readonly index: number };

export interface MemoryPlan {
  readonly places: ReadonlyMap<Var, Place>;
  /** Offsets of the memory that stages and calls need beside their variables. */
  readonly scratch: ReadonlyMap<Stage | CallPart, number>;
  readonly controls: ReadonlyMap<ControlPart, ControlPlan>;
  /** What parts keep of their blocks of rows alone, and where it begins: for every thread one after another. */
  readonly blocks: ReadonlyMap<RowPart, BlockMemory & { readonly offset: number }>;
  readonly arenaBytes: number;
  /** For each output the input whose memory it takes over, or -1. */
  readonly reuse: readonly number[];
}

export interface PlanOptions {
  readonly target: Target;
  /** Inputs whose memory may be overwritten. */
  readonly donate: readonly boolean[];
  /** For each output the only donated input whose memory it may take over; omitted: any of its dtype and size. */
  readonly partners?: readonly number[];
  /** Rows of the blocks that a part runs in, and the threads that may run them. Left out: blocks have no memory of their own. */
  readonly inBlocks?: { readonly rows: (part: RowPart) => number; readonly threads: number };
  /** Bytes that a stage of a part, or a call, needs beside its variables while its group runs. */
  readonly scratch: (work: Stage | CallPart, part: RowPart | CallPart) => number;
}

/** The memory of a control part: within its area of the arena the arena of its regions, and what stands beside it. */
export interface ControlPlan {
  readonly regions: readonly MemoryPlan[];
  /** Where the area begins in the arena of the program, and its size. */
  readonly offset: number;
  readonly bytes: number;
  /** For each carried value: the offset in the area of its second buffer; `null` where the body overwrites it in place. */
  readonly seconds: readonly (number | null)[];
  /** Offsets in the area of literal operands, by their position. */
  readonly literals: ReadonlyMap<number, number>;
  /** Offset in the area of the result of a condition. */
  readonly flag: number;
}

/** What the plan of a control part asks of and tells the plan that it is in. */
export interface PlanInProgress {
  readonly target: Target;
  bytesOf(variable: Var): number;
  /** Whether `part` alone reads `old` in the last group that does, and may overwrite its memory. */
  endsIn(old: Var, part: Part, group: number): boolean;
  /** Whether `made` may lie in the memory of `old`, which it overwrites. */
  fits(old: Var, made: Var): boolean;
  /** Gives `made` the memory of `old`, or memory that nothing uses. */
  make(made: Var, old: Var | null): void;
  /** The plan of a sub-program. */
  planRegion(region: Schedule, donate: readonly boolean[], partners?: readonly number[]): MemoryPlan;
}
