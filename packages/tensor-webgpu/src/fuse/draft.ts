import type { Var } from '../program/program.ts';
import type { Shape } from '../shape/shape.ts';
import type { LoopStage, RowPart, Stage } from './schedule.ts';
import { madeBy } from './stages.ts';

export const spaceKey = (space: Shape): string => space.join();

/** A part of rows that still grows, with the indices that say at once what may join it. */
export class Draft {
  readonly group: number;
  readonly part: RowPart;
  /** The last stage that writes each variable of the part. */
  private readonly stageOf = new Map<Var, number>();
  /** The last loops over each space. */
  private readonly loopsOver = new Map<string, number>();

  constructor(group: number, part: RowPart) {
    this.group = group;
    this.part = part;
    part.stages.forEach((stage, at) => {
      this.index(stage, at);
    });
  }

  add(stage: Stage): void {
    this.index(stage, this.part.stages.push(stage) - 1);
  }

  /** Notes that the part's stage `at` writes `variable` as well. */
  note(variable: Var, at: number): void {
    this.stageOf.set(variable, at);
  }

  private index(stage: Stage, at: number): void {
    for (const variable of madeBy(stage)) this.stageOf.set(variable, at);
    if (stage.kind === 'loops') this.loopsOver.set(spaceKey(stage.space), at);
  }

  has(variable: Var): boolean {
    return this.stageOf.has(variable);
  }

  /** The stage that writes `variable` last; -1 for what other parts made. */
  madeAt(variable: Var): number {
    return this.stageOf.get(variable) ?? -1;
  }

  /** The last of the part's loops over this space and its number. */
  lastLoops(space: Shape): { readonly stage: LoopStage; readonly at: number } | null {
    const at = this.loopsOver.get(spaceKey(space));
    return at === undefined ? null : { stage: this.part.stages[at] as LoopStage, at };
  }

  /** The space of the part's last stage, if that is a loop. */
  get openSpace(): Shape | null {
    const last = this.part.stages.at(-1);
    return last?.kind === 'loops' ? last.space : null;
  }
}
