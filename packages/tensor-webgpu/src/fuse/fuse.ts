import { type Eqn, type Program, Var } from '../program/program.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { identityCoordinates } from './affine.ts';
import { contractionStage } from './contraction.ts';
import { Draft } from './draft.ts';
import { Expressions, MustStore } from './express.ts';
import { loadsOf } from './expression.ts';
import { Loops } from './loops.ts';
import { normalize } from './normalize.ts';
import { pieceParts } from './pieces.ts';
import { reduceStage } from './reduce.ts';
import { contractsOwnRows, readOwnRows, rowSpace } from './rows.ts';
import type {
  CallPart,
  ContractionStage,
  ControlPart,
  Group,
  LoopStage,
  Part,
  ReduceStage,
  RowPart,
  Schedule,
  Stage,
} from './schedule.ts';
import { isLookup, isPieces, isUpdate, Storage } from './storage.ts';
import { dropUnusedStores, readsOf } from './unused.ts';
import { isBatched, updateStage } from './update.ts';

/** A right operand larger than this is not streamed once per block of rows. */
const SHARED_OPERAND_BYTES = 1 << 20;
/** Up to this many elements, work is one row: it is not worth cutting among threads. */
const ONE_ROW = 256;
/** Work joins a part with few rows only below this size, so that large work can be shared by threads. */
const FEW_ROWS = 8;
const SMALL_WORK = 4096;

/** Loops that take in more nodes than this are followed by loops of their own, so that code stays in pieces. */
const MOST_LOOP_NODES = 2048;
/** Parts of the last group that are asked at most whether a loop may join them. */
const MOST_CANDIDATES = 16;

/** Where a stored variable is computed: its group, and its part when rows can be added to that. */
interface Home {
  readonly group: number;
  readonly draft: Draft | null;
}

/** Parts that do not depend on each other, and which of them begin with loops over so many elements. */
interface OpenGroup {
  readonly parts: Part[];
  readonly bySize: Map<number, Draft[]>;
}

/**
 * Cuts a program in kernels. Anchors (reductions, contractions, calls) and expensive shared values lie in memory; the
 * rest is computed inside the loops that use it. Work whose rows depend on the same rows of earlier work joins its part
 * and needs no barrier; independent parts share a group.
 */
export function fuse(program: Program): Schedule {
  const distinct = normalize(program);
  return new Fuser(distinct, new Storage(distinct)).run();
}

class Fuser {
  private readonly program: Program & { readonly outputs: readonly Var[] };
  private readonly storage: Storage;
  private readonly groups: OpenGroup[] = [];
  /** Groups up to this one are closed. A value computed again after a barrier must not be computed early, or it would be kept. */
  private fence = -1;
  private readonly homes = new Map<Var, Home>();
  private readonly loops: Loops;

  constructor(program: Program & { readonly outputs: readonly Var[] }, storage: Storage) {
    this.program = program;
    this.storage = storage;
    this.loops = new Loops(storage);
  }

  run(): Schedule {
    for (const eqn of this.program.eqns) this.place(eqn);
    const groups: readonly Group[] = dropUnusedStores(this.groups, this.program.outputs);
    return { program: this.program, inputs: this.program.inputs, groups, outputs: this.program.outputs };
  }

  private place(eqn: Eqn): void {
    const { kind, name } = eqn.primitive;
    if (name === 'barrier') this.fence = this.groups.length - 1;
    if (kind === 'reduce') this.placeReduce(eqn);
    else if (kind === 'contraction') this.placeContraction(eqn);
    else if (isPieces(eqn)) this.placePieces(eqn);
    else if (isUpdate(eqn)) this.placeUpdate(eqn);
    else if (kind === 'control' || (kind === 'opaque' && !isLookup(eqn))) this.placeCall(eqn);
    else for (const variable of eqn.outputs) if (this.storage.stored.has(variable)) this.placeLoop(variable);
  }

  /**
   * What `build` makes, where every value that it cannot reach through views is stored first. Work placed before goes on
   * computing such a value where it uses it.
   */
  private stored<T>(build: () => T): T {
    const wanted: Var[] = [];
    for (;;) {
      const lacking = wanted.at(-1);
      try {
        if (!lacking) return build();
        this.readsOf(lacking);
      } catch (error) {
        if (!(error instanceof MustStore) || this.storage.stored.has(error.variable)) throw error;
        this.storage.stored.add(error.variable);
        wanted.push(error.variable);
        continue;
      }
      wanted.pop();
      this.placeLoop(lacking);
    }
  }

  /** The last group that computes something read here or must end before; -1 when there is none. */
  private latest(variables: readonly Var[]): number {
    let latest = this.fence;
    for (const variable of variables) latest = Math.max(latest, this.homes.get(variable)?.group ?? -1);
    return latest;
  }

  /** The group that a part joins which must come after group `after`. */
  private groupAfter(after: number): number {
    const last = this.groups.length - 1;
    return last > after ? last : this.groups.push({ parts: [], bySize: new Map() }) - 1;
  }

  private addRows(part: RowPart, after: number, made: Var): void {
    const draft = new Draft(this.groupAfter(after), part);
    this.groups[draft.group].parts.push(part);
    this.homes.set(made, { group: draft.group, draft });
    this.offer(draft);
  }

  private addStage(draft: Draft, stage: Stage, made: Var): void {
    draft.add(stage);
    this.homes.set(made, { group: draft.group, draft });
    this.offer(draft);
  }

  /** Makes a part that ends in loops known to loops over as many elements. */
  private offer(draft: Draft): void {
    if (!draft.openSpace) return;
    const { bySize } = this.groups[draft.group];
    const size = sizeOf(draft.openSpace);
    const same = bySize.get(size);
    if (!same) bySize.set(size, [draft]);
    else if (same.length < MOST_CANDIDATES && !same.includes(draft)) same.push(draft);
  }

  /** The one part of group `latest` that all of `reads` computed there come from, when rows can be added to it. */
  private partToJoin(reads: readonly Var[], latest: number): Draft | null {
    let home: Home | null = null;
    for (const variable of reads) {
      const its = this.homes.get(variable);
      if (!its || its.group !== latest) continue;
      if (home && home.draft !== its.draft) return null;
      home = its;
    }
    return home?.draft ?? null;
  }

  /** The variables in memory that a variable is computed from. */
  private readsOf(variable: Var): Var[] {
    const natural = new Expressions(this.storage, variable.shape);
    const value = natural.compute(variable, identityCoordinates(variable.shape.length));
    return loadsOf([value]).map((load) => load.variable);
  }

  private placeLoop(variable: Var): void {
    const reads = this.stored(() => this.readsOf(variable));
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    if (joined && this.joinLoop(variable, reads, joined)) return;
    const last = this.groups.length - 1;
    if (last > latest) {
      for (const draft of this.groups[last].bySize.get(sizeOf(variable.shape)) ?? []) {
        if (sharesSpace(draft, variable.shape) && this.joinLoop(variable, reads, draft)) return;
      }
    }
    const rows = rowsFor(variable.shape);
    const { space, coordinates } = rowSpace(variable.shape, rows)!;
    const stage = this.stored(() => {
      const made = this.loops.make(space);
      this.loops.compute(made, variable, coordinates);
      return made;
    });
    this.addRows({ kind: 'rows', rows, stages: [stage] }, latest, variable);
  }

  /** Adds the computation of `variable` to a part if its rows need only the same rows of the part's earlier work. */
  private joinLoop(variable: Var, reads: readonly Var[], draft: Draft): boolean {
    const { rows } = draft.part;
    const view = rowSpace(variable.shape, rows);
    if (!view || !mayJoin(rows, sizeOf(variable.shape))) return false;
    // The last loops over this space take it, when all it reads is finished or at hand there.
    const open = draft.lastLoops(view.space);
    const after = reads.reduce((latest, read) => Math.max(latest, draft.madeAt(read)), -1);
    if (open && open.at >= after && this.loops.finished(open.stage).size < MOST_LOOP_NODES) {
      const { stage, at } = open;
      const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
      const loads = value && loadsOf([value], this.loops.finished(stage));
      if (loads?.every((load) => draft.madeAt(load.variable) < at) && readOwnRows(loads, stage.space, rows, draft)) {
        this.loops.compute(stage, variable, view.coordinates);
        draft.note(variable, at);
        this.homes.set(variable, { group: draft.group, draft });
        return true;
      }
    }
    const stage = this.loops.make(view.space);
    const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
    if (!value || !readOwnRows(loadsOf([value]), view.space, rows, draft)) return false;
    this.loops.compute(stage, variable, view.coordinates);
    this.addStage(draft, stage, variable);
    return true;
  }

  private attempt<T>(build: () => T): T | null {
    try {
      return build();
    } catch (error) {
      if (error instanceof MustStore) return null;
      throw error;
    }
  }

  private placeReduce(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const [input] = eqn.inputs;
    const stageFor = (rows: number): ReduceStage | null => reduceStage(this.storage, eqn, rows);
    const natural = this.stored(() => stageFor(variable.shape[0] ?? 1) ?? stageFor(1)!);
    const reads = loadsOf([natural.value]).map((load) => load.variable);
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    if (joined && mayJoin(joined.part.rows, sizeOf(input.shape))) {
      const { rows } = joined.part;
      const stage = rows === natural.space[0] ? natural : this.attempt(() => stageFor(rows));
      if (stage && readOwnRows(loadsOf([stage.value]), stage.space, rows, joined)) {
        this.addStage(joined, stage, variable);
        return;
      }
    }
    this.addRows({ kind: 'rows', rows: natural.space[0], stages: [natural] }, latest, variable);
  }

  private placeContraction(eqn: Eqn): void {
    const stage = this.stored(() => contractionStage(this.storage, eqn));
    const { variable } = stage;
    const reads = [stage.lhs.variable, stage.rhs.variable];
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    const shared = sizeOf(stage.rhs.variable.shape) * 4 <= SHARED_OPERAND_BYTES || stage.batch > 1;
    if (
      joined &&
      shared &&
      rowSpace(variable.shape, joined.part.rows) &&
      contractsOwnRows(stage, joined.part.rows, joined)
    ) {
      this.addStage(joined, stage, variable);
      return;
    }
    this.addRows({ kind: 'rows', rows: rowsOf(stage, variable.shape), stages: [stage] }, latest, variable);
  }

  private placePieces(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const parts = this.stored(() => pieceParts(this.loops, eqn));
    const latest = this.latest(parts.flatMap((part) => readsOf(part)));
    for (const part of parts) this.addRows(part, latest, variable);
    // No single part makes the whole output, so none can go on with its rows.
    if (parts.length > 1) this.homes.set(variable, { group: this.homes.get(variable)!.group, draft: null });
  }

  /** `scatter` and `dynamicUpdateSlice`: a copy of the operand, then the updates. */
  private placeUpdate(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const update = this.stored(() => updateStage(this.storage, eqn));
    const rows = update.space[0];
    const copied = (copyRows: number): LoopStage =>
      this.stored(() => this.loops.storing(variable, copyRows, (expressions, at) => expressions.at(eqn.inputs[0], at)));
    const one = isBatched(eqn) || sizeOf(variable.shape) <= SMALL_WORK;
    if (one) {
      const part: RowPart = { kind: 'rows', rows, stages: [copied(rows), update] };
      this.addRows(part, this.latest(readsOf(part)), variable);
      return;
    }
    const copyRows = rowsFor(variable.shape);
    for (const part of [
      { kind: 'rows', rows: copyRows, stages: [copied(copyRows)] },
      { kind: 'rows', rows, stages: [update] },
    ] satisfies RowPart[]) {
      this.addRows(part, this.latest([variable, ...readsOf(part)]), variable);
    }
  }

  private placeCall(eqn: Eqn): void {
    const operands = eqn.inputs.map((atom) => (atom instanceof Var ? this.storage.memoryOf(atom) : null));
    const reads = operands.filter((operand) => operand !== null);
    const part: CallPart | ControlPart = { kind: eqn.primitive.kind === 'control' ? 'control' : 'call', eqn, operands };
    const group = this.groupAfter(this.latest(reads));
    this.groups[group].parts.push(part);
    for (const variable of eqn.outputs) this.homes.set(variable, { group, draft: null });
  }
}

const sameSpace = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((extent, i) => extent === b[i]);

/** Whether a part's last loop runs over an array of this shape. */
function sharesSpace({ part, openSpace }: Draft, shape: Shape): boolean {
  const view = openSpace && rowSpace(shape, part.rows);
  return view !== null && sameSpace(openSpace as Shape, view.space);
}

/** How many rows new work on an array of this shape is cut in: its first axis of more than one step. */
const rowsFor = (shape: Shape): number => (sizeOf(shape) <= ONE_ROW ? 1 : (shape.find((extent) => extent > 1) ?? 1));

const mayJoin = (rows: number, size: number): boolean => rows >= FEW_ROWS || size <= SMALL_WORK;

/** The rows a product is cut in: its first output axis that comes from the batch or from the left operand. */
function rowsOf(stage: ContractionStage, shape: Shape): number {
  if (stage.batch > 1) return shape[0];
  if (stage.m <= 1) return 1;
  return stage.m;
}
