import { accessOf, readBy } from '../kernels/access.ts';
import type { CallPart, ControlPart, Stage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import { sizeOf } from '../shape/shape.ts';
import { Draft, type RowDraft } from './draft.ts';
import type { OpenLoops } from './loops.ts';
import type { OpenPart } from './seal.ts';

/** Parts of the last group that are asked at most whether a loop may join them. */
const MOST_CANDIDATES = 16;

/** Where a stored variable is computed: its group, and its part when rows can be added to that. */
interface Home {
  readonly group: number;
  readonly draft: Draft | null;
}

/** Parts that do not depend on each other, and which of them end in loops over so many elements. */
interface OpenGroup {
  readonly parts: OpenPart[];
  readonly bySize: Map<number, Draft[]>;
}

/** The groups of a schedule in the making: which part of which group makes and reads what. */
export class Groups {
  readonly all: OpenGroup[] = [];
  private readonly target: Target;
  /** Groups up to this one are closed. A value computed again after a barrier must not be computed early, or it would be kept. */
  private fence = -1;
  private readonly homes = new Map<Var, Home>();
  private readonly readIn = new Map<Var, number>();

  constructor(target: Target) {
    this.target = target;
  }

  /** Closes all groups so far. */
  close(): void {
    this.fence = this.all.length - 1;
  }

  has(variable: Var): boolean {
    return this.homes.has(variable);
  }

  /** The part that makes a variable, when rows can be added to it. */
  draftOf(variable: Var): Draft | null {
    return this.homes.get(variable)?.draft ?? null;
  }

  /** The last group that computes something read here or must end before; -1 when there is none. */
  latest(variables: readonly Var[]): number {
    let latest = this.fence;
    for (const variable of variables) latest = Math.max(latest, this.homes.get(variable)?.group ?? -1);
    return latest;
  }

  /** The last group that reads a variable; -1 when there is none. */
  lastReading(variable: Var): number {
    return this.readIn.get(variable) ?? -1;
  }

  /** The group that a part joins which makes `made` and must come after group `after`; the last one, or the first for small results. */
  private groupAfter(after: number, made?: Var): number {
    const last = this.all.length - 1;
    if (last <= after) return this.all.push({ parts: [], bySize: new Map() }) - 1;
    return made && this.isEarly(sizeOf(made.shape)) ? after + 1 : last;
  }

  private isEarly(size: number): boolean {
    return this.target.smallFirst && size <= this.target.oneRow;
  }

  addRows(rows: RowDraft, after: number, made: Var): void {
    const draft = new Draft(this.target, this.groupAfter(after, made), rows);
    this.all[draft.group].parts.push(draft);
    this.note(draft, made, accessOf(rows.stages).reads);
  }

  addStage(draft: Draft, stage: Exclude<Stage, { kind: 'loops' }> | OpenLoops, made: Var): void {
    draft.add(stage);
    this.note(draft, made, readBy(stage));
  }

  /** Adds a result to stage `at` of a part. */
  addResult(draft: Draft, at: number, made: Var, reads: readonly Var[]): void {
    draft.note(made, reads, at);
    this.note(draft, made, reads);
  }

  addCall(part: CallPart | ControlPart): void {
    const group = this.groupAfter(this.latest(part.reads));
    this.all[group].parts.push(part);
    this.noteReads(part.reads, group);
    for (const variable of part.writes) this.homes.set(variable, { group, draft: null });
  }

  /** Says that several parts make a variable, the last of them in this group, so that none can go on with its rows. */
  share(variable: Var, group: number): void {
    this.homes.set(variable, { group, draft: null });
  }

  private note(draft: Draft, made: Var, reads: readonly Var[]): void {
    this.noteReads(reads, draft.group);
    this.homes.set(made, { group: draft.group, draft });
    if (!draft.openSpace) return;
    const { bySize } = this.all[draft.group];
    const size = sizeOf(draft.openSpace);
    const same = bySize.get(size);
    if (!same) bySize.set(size, [draft]);
    else if (same.length < MOST_CANDIDATES && !same.includes(draft)) same.push(draft);
  }

  private noteReads(variables: readonly Var[], group: number): void {
    for (const variable of variables) this.readIn.set(variable, Math.max(group, this.lastReading(variable)));
  }

  /** The one part of group `latest` that all of `reads` computed there come from, when rows can be added to it. */
  partToJoin(reads: readonly Var[], latest: number): Draft | null {
    let home: Home | null = null;
    for (const variable of reads) {
      const its = this.homes.get(variable);
      if (!its || its.group !== latest) continue;
      if (home && home.draft !== its.draft) return null;
      home = its;
    }
    return home?.draft ?? null;
  }

  /** Parts that end in loops over so many elements, in the group after group `latest` that such work joins. */
  openAfter(latest: number, size: number): readonly Draft[] {
    const at = this.isEarly(size) ? latest + 1 : this.all.length - 1;
    return at > latest ? (this.all[at]?.bySize.get(size) ?? []) : [];
  }
}
