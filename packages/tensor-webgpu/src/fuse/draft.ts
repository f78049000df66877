import { madeBy, readBy } from '../kernels/access.ts';
import type { Stage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import type { Shape } from '../shape/shape.ts';
import type { OpenLoops } from './loops.ts';

/** Rows and stages of a part to be. */
export interface RowDraft {
  readonly rows: number;
  readonly stages: readonly (Exclude<Stage, { kind: 'loops' }> | OpenLoops)[];
}

const spaceKey = (space: Shape): string => space.join();

/** A part of rows that still grows, with the indices that say at once what may join it. */
export class Draft {
  readonly group: number;
  readonly rows: number;
  readonly stages: (Exclude<Stage, { kind: 'loops' }> | OpenLoops)[] = [];
  /** Loops that run as the elements of the product at a stage are finished. */
  readonly epilogues = new Map<number, OpenLoops>();
  private readonly target: Target;
  /** The last stage that writes each variable of the part. */
  private readonly stageOf = new Map<Var, number>();
  /** The last loops over each space. */
  private readonly loopsOver = new Map<string, number>();
  /** All variables that the part reads or writes. */
  private readonly bound = new Set<Var>();

  constructor(target: Target, group: number, { rows, stages }: RowDraft) {
    this.target = target;
    this.group = group;
    this.rows = rows;
    for (const stage of stages) this.add(stage);
  }

  add(stage: Exclude<Stage, { kind: 'loops' }> | OpenLoops): void {
    const at = this.stages.push(stage) - 1;
    for (const variable of madeBy(stage)) this.stageOf.set(variable, at);
    if (stage.kind === 'loops') this.loopsOver.set(spaceKey(stage.space), at);
    this.bind([...readBy(stage), ...madeBy(stage)]);
  }

  /** Notes that the part's stage `at` reads and writes these as well. */
  note(made: Var, reads: readonly Var[], at: number): void {
    this.stageOf.set(made, at);
    this.bind([made, ...reads]);
  }

  private bind(variables: readonly Var[]): void {
    for (const variable of variables) this.bound.add(variable);
  }

  /** Whether the part may take one more stage of this kind. */
  takes(kind: Stage['kind']): boolean {
    const { chained } = this.target;
    return chained.includes(kind) && this.stages.every((stage) => chained.includes(stage.kind));
  }

  /** Whether the part may read and write these beside its own. */
  binds(variables: readonly Var[]): boolean {
    if (!Number.isFinite(this.target.bindings)) return true;
    return new Set([...this.bound, ...variables]).size <= this.target.bindings;
  }

  has(variable: Var): boolean {
    return this.stageOf.has(variable);
  }

  /** The stage that writes `variable` last; -1 for what other parts made. */
  madeAt(variable: Var): number {
    return this.stageOf.get(variable) ?? -1;
  }

  /** The last of the part's loops over this space and its number. */
  lastLoops(space: Shape): { readonly stage: OpenLoops; readonly at: number } | null {
    const at = this.loopsOver.get(spaceKey(space));
    return at === undefined ? null : { stage: this.stages[at] as OpenLoops, at };
  }

  /** The space of the part's last stage, if that is a loop. */
  get openSpace(): Shape | null {
    const last = this.stages.at(-1);
    return last?.kind === 'loops' ? last.space : null;
  }
}
