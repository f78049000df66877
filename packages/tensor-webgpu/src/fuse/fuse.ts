import { type Eqn, type Program, Var } from '../program/program.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { identityCoordinates } from './affine.ts';
import { contractionStage } from './contraction.ts';
import { Expressions, MustStore } from './express.ts';
import { type Expression, loadsOf } from './expression.ts';
import { Loops } from './loops.ts';
import { normalize } from './normalize.ts';
import { pieceParts } from './pieces.ts';
import { reduceStage } from './reduce.ts';
import { contractsOwnRows, readsOwnRows, rowSpace } from './rows.ts';
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
import { madeBy } from './stages.ts';
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

/** Where a stored variable is computed. */
interface Home {
  readonly group: number;
  readonly part: Part;
}

/**
 * Cuts a program in kernels. Anchors (reductions, contractions, calls) and expensive shared values lie in memory; the
 * rest is computed inside the loops that use it. Work whose rows depend on the same rows of earlier work joins its part
 * and needs no barrier; independent parts share a group.
 */
export function fuse(program: Program): Schedule {
  const distinct = normalize(program);
  const forced = new Set<Var>();
  for (;;) {
    try {
      return new Fuser(distinct, new Storage(distinct, forced)).run();
    } catch (error) {
      if (!(error instanceof MustStore) || forced.has(error.variable)) throw error;
      forced.add(error.variable);
    }
  }
}

class Fuser {
  private readonly program: Program & { readonly outputs: readonly Var[] };
  private readonly storage: Storage;
  private readonly groups: { parts: Part[] }[] = [];
  /** Groups up to this one are closed. A value computed again after a barrier must not be computed early, or it would be kept. */
  private fence = -1;
  private readonly homes = new Map<Var, Home>();
  private readonly localOf = new Map<Part, Set<Var>>();
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

  /** The last group that computes something read here or must end before; -1 when there is none. */
  private latest(variables: readonly Var[]): number {
    let latest = this.fence;
    for (const variable of variables) latest = Math.max(latest, this.homes.get(variable)?.group ?? -1);
    return latest;
  }

  private addPart(part: Part, after: number, made: readonly Var[]): void {
    const last = this.groups.length - 1;
    const group = last > after ? last : this.groups.push({ parts: [] }) - 1;
    this.groups[group].parts.push(part);
    this.localOf.set(part, new Set(made));
    for (const variable of made) this.homes.set(variable, { group, part });
  }

  private addStage(home: Home, stage: Stage, made: Var): void {
    (home.part as RowPart).stages.push(stage);
    this.localOf.get(home.part)!.add(made);
    this.homes.set(made, home);
  }

  /** The one part of group `latest` that all of `reads` computed there come from, when rows can be added to it. */
  private partToJoin(reads: readonly Var[], latest: number): (Home & { readonly part: RowPart }) | null {
    let home: Home | null = null;
    for (const variable of reads) {
      const its = this.homes.get(variable);
      if (!its || its.group !== latest) continue;
      if (home && home.part !== its.part) return null;
      home = its;
    }
    return home?.part.kind === 'rows' ? (home as Home & { part: RowPart }) : null;
  }

  private placeLoop(variable: Var): void {
    const rank = variable.shape.length;
    const natural = new Expressions(this.storage, variable.shape);
    const reads = loadsOf([natural.compute(variable, identityCoordinates(rank))]).map((load) => load.variable);
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    if (joined && this.joinLoop(variable, joined)) return;
    const last = this.groups.length - 1;
    if (last > latest) {
      for (const part of this.groups[last].parts) {
        if (part.kind !== 'rows' || part.stages.at(-1)?.kind !== 'loops') continue;
        if (sharesSpace(part, variable.shape) && this.joinLoop(variable, { group: last, part })) return;
      }
    }
    const rows = rowsFor(variable.shape);
    const { space, coordinates } = rowSpace(variable.shape, rows)!;
    const stage = this.loops.make(space);
    this.loops.compute(stage, variable, coordinates);
    this.addPart({ kind: 'rows', rows, stages: [stage] }, latest, [variable]);
  }

  /** Adds the computation of `variable` to a part if its rows need only the same rows of the part's earlier work. */
  private joinLoop(variable: Var, home: Home & { readonly part: RowPart }): boolean {
    const { part } = home;
    const view = rowSpace(variable.shape, part.rows);
    if (!view || !mayJoin(part.rows, sizeOf(variable.shape))) return false;
    const local = this.localOf.get(part)!;
    // The latest stage with the same space takes it, when all it reads is finished or at hand there.
    for (let i = part.stages.length - 1; i >= 0; i--) {
      const stage = part.stages[i];
      if (stage.kind === 'loops' && sameSpace(stage.space, view.space)) {
        const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
        const later = new Set(part.stages.slice(i).flatMap(madeBy));
        if (
          value &&
          readsOwnRows([value], stage.space, part.rows, local) &&
          !loadsOf([value]).some((load) => later.has(load.variable))
        ) {
          this.loops.compute(stage, variable, view.coordinates);
          local.add(variable);
          this.homes.set(variable, home);
          return true;
        }
      }
    }
    const stage = this.loops.make(view.space);
    const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
    if (!value || !readsOwnRows([value], view.space, part.rows, local)) return false;
    this.loops.compute(stage, variable, view.coordinates);
    this.addStage(home, stage, variable);
    return true;
  }

  private attempt(build: () => Expression): Expression | null {
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
    const rows = variable.shape[0] ?? 1;
    const natural = stageFor(rows) ?? stageFor(1)!;
    const reads = loadsOf([natural.value]).map((load) => load.variable);
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    if (joined && mayJoin(joined.part.rows, sizeOf(input.shape))) {
      let stage: ReduceStage | null = null;
      try {
        stage = stageFor(joined.part.rows);
      } catch (error) {
        if (!(error instanceof MustStore)) throw error;
      }
      if (stage && readsOwnRows([stage.value], stage.space, joined.part.rows, this.localOf.get(joined.part)!)) {
        this.addStage(joined, stage, variable);
        return;
      }
    }
    this.addPart({ kind: 'rows', rows: natural.space[0], stages: [natural] }, latest, [variable]);
  }

  private placeContraction(eqn: Eqn): void {
    const stage = contractionStage(this.storage, eqn);
    const { variable } = stage;
    const reads = [stage.lhs.variable, stage.rhs.variable];
    const latest = this.latest(reads);
    const joined = this.partToJoin(reads, latest);
    const shared = sizeOf(stage.rhs.variable.shape) * 4 <= SHARED_OPERAND_BYTES || stage.batch > 1;
    if (
      joined &&
      shared &&
      rowSpace(variable.shape, joined.part.rows) &&
      contractsOwnRows(stage, joined.part.rows, this.localOf.get(joined.part)!)
    ) {
      this.addStage(joined, stage, variable);
      return;
    }
    this.addPart({ kind: 'rows', rows: rowsOf(stage, variable.shape), stages: [stage] }, latest, [variable]);
  }

  private placePieces(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const parts = pieceParts(this.loops, eqn);
    const latest = this.latest(parts.flatMap((part) => readsOf(part)));
    for (const part of parts) this.addPart(part, latest, [variable]);
    // No single part makes the whole output, so none can go on with its rows.
    const { group } = this.homes.get(variable)!;
    if (parts.length > 1) this.homes.set(variable, { group, part: { kind: 'call', eqn, operands: [] } });
  }

  /** `scatter` and `dynamicUpdateSlice`: a copy of the operand, then the updates. */
  private placeUpdate(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const update = updateStage(this.storage, eqn);
    const rows = update.space[0];
    const copied = (copyRows: number): LoopStage =>
      this.loops.storing(variable, copyRows, (expressions, at) => expressions.at(eqn.inputs[0], at));
    const one = isBatched(eqn) || sizeOf(variable.shape) <= SMALL_WORK;
    if (one) {
      const part: RowPart = { kind: 'rows', rows, stages: [copied(rows), update] };
      this.addPart(part, this.latest(readsOf(part)), [variable]);
      return;
    }
    const copyRows = rowsFor(variable.shape);
    for (const part of [
      { kind: 'rows', rows: copyRows, stages: [copied(copyRows)] },
      { kind: 'rows', rows, stages: [update] },
    ] satisfies RowPart[]) {
      this.addPart(part, this.latest([variable, ...readsOf(part)]), [variable]);
    }
  }

  private placeCall(eqn: Eqn): void {
    const operands = eqn.inputs.map((atom) => (atom instanceof Var ? this.storage.memoryOf(atom) : null));
    const reads = operands.filter((operand) => operand !== null);
    const part: CallPart | ControlPart = { kind: eqn.primitive.kind === 'control' ? 'control' : 'call', eqn, operands };
    this.addPart(part, this.latest(reads), eqn.outputs);
  }
}

const sameSpace = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((extent, i) => extent === b[i]);

/** Whether a part's last loop runs over an array of this shape. */
function sharesSpace(part: RowPart, shape: Shape): boolean {
  const last = part.stages.at(-1);
  const view = rowSpace(shape, part.rows);
  return last?.kind === 'loops' && view !== null && sameSpace(last.space, view.space);
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
