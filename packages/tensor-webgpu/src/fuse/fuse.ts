import { accessOf, readBy } from '../kernels/access.ts';
import { loadsOf } from '../kernels/expression.ts';
import type { ContractionStage, ReduceStage, Schedule } from '../kernels/form.ts';
import { contractsOwnRows, readOwnRows, rowSpace } from '../kernels/rows.ts';
import type { Target } from '../kernels/target.ts';
import { Var } from '../program/aval.ts';
import { loweringAs, loweringOf } from '../program/lowering.ts';
import type { Control, Eqn, Program } from '../program/program.ts';
import { type Affine, composed, identityCoordinates } from '../shape/affine.ts';
import { type Shape, sameShape, sizeOf } from '../shape/shape.ts';
import { batchedProducts } from './batches.ts';
import { contractionStage } from './contraction.ts';
import type { Draft } from './draft.ts';
import { finishesOwn, turnedOver } from './epilogue.ts';
import { Expressions, MustStore } from './express.ts';
import { Groups } from './groups.ts';
import { InPlace } from './in-place.ts';
import { Loops, type OpenLoops } from './loops.ts';
import { isCopy, normalize } from './normalize.ts';
import { type PieceDraft, pieceParts, placeSideBySide } from './pieces.ts';
import { reduceStage } from './reduce.ts';
import { seal } from './seal.ts';
import { splitLong } from './split.ts';
import { hasPieces, isInlined, type Storage } from './storage.ts';
import { isBatched, updateStage } from './update.ts';

/**
 * Cuts a program, and the sub-programs of its control equations, in kernels for a target. Anchors (reductions,
 * contractions, calls) and expensive shared values lie in memory; the rest is computed inside the loops that use it. Work
 * whose rows depend on the same rows of earlier work joins its part and needs no barrier, where the target chains rows;
 * independent parts share a group.
 */
export function fuse(program: Program, target: Target): Schedule {
  const { program: batched, storage } = batchedProducts(normalize(program), target);
  return new Fuser(batched, storage).run();
}

const subprogramsOf = (control: Control): readonly Program[] => {
  if (control.kind === 'scan') return [control.body];
  return control.kind === 'while' ? [control.condition, control.body] : control.branches;
};

class Fuser {
  private readonly program: Program & { readonly outputs: readonly Var[] };
  private readonly storage: Storage;
  private readonly target: Target;
  private readonly groups: Groups;
  private readonly loops: Loops;
  private readonly inPlace: InPlace;
  private readonly copied = new Set<Var>();
  /** The results that products are finished as. */
  private readonly finished = new Map<Var, Map<Var, readonly Affine[]>>();
  constructor(program: Program & { readonly outputs: readonly Var[] }, storage: Storage) {
    this.program = program;
    this.storage = storage;
    this.target = storage.target;
    this.groups = new Groups(storage.target);
    this.loops = new Loops(storage);
    this.inPlace = new InPlace(program, storage);
  }

  run(): Schedule {
    for (const eqn of this.program.eqns) this.place(eqn);
    const { inputs, outputs } = this.program;
    return { program: this.program, inputs, groups: splitLong(seal(this.groups.all, outputs), this.target), outputs };
  }

  private place(eqn: Eqn): void {
    const lowering = loweringOf(eqn.primitive);
    if (lowering.as === 'view' && lowering.fence) this.groups.close();
    if (isInlined(eqn)) {
      for (const variable of eqn.outputs) {
        if (this.storage.stored.has(variable) && !this.groups.has(variable)) this.placeLoop(variable, this.copies(eqn));
      }
      return;
    }
    const callable = lowering.as === 'call' || lowering.as === 'control';
    if (!callable) this.bind(eqn);
    if (lowering.as === 'reduce') this.placeReduce(eqn);
    else if (lowering.as === 'contraction') this.placeContraction(eqn);
    else if (lowering.as === 'pieces' && hasPieces(eqn)) this.placePieces(eqn);
    else if (lowering.as === 'update') this.placeUpdate(eqn);
    else this.placeCall(eqn);
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

  /** The variables in memory that a variable is computed from. */
  private readsOf(variable: Var): Var[] {
    const natural = new Expressions(this.storage, variable.shape);
    const value = natural.compute(variable, identityCoordinates(variable.shape.length));
    return loadsOf([value]).map((load) => load.variable);
  }

  /** The group that the first copy of an input must come after: the last that reads the input, which it may then overwrite. */
  private copies(eqn: Eqn): number {
    const [source] = eqn.inputs;
    if (!isCopy(eqn) || !(source instanceof Var) || this.copied.has(source)) return -1;
    this.copied.add(source);
    return this.groups.lastReading(source);
  }

  /** Stores operands of an equation until its kernel reads and writes no more variables than a part may bind. */
  private bind(eqn: Eqn): void {
    const room = this.target.bindings - eqn.outputs.length;
    if (!Number.isFinite(room)) return;
    for (;;) {
      const all = new Set<Var>();
      let widest: Var | null = null;
      let most = 1;
      for (const atom of new Set(eqn.inputs)) {
        if (!(atom instanceof Var)) continue;
        const base = this.storage.baseOf(atom);
        const reads = this.storage.stored.has(base) ? [base] : new Set(this.stored(() => this.readsOf(base)));
        for (const variable of reads) all.add(variable);
        const size = [...reads].length;
        if (size > most) {
          most = size;
          widest = base;
        }
      }
      if (all.size <= room || !widest) return;
      this.storage.stored.add(widest);
      this.placeLoop(widest);
    }
  }

  private placeLoop(variable: Var, after = -1): void {
    this.bind(this.storage.definitions.get(variable) as Eqn);
    const reads = this.stored(() => this.readsOf(variable));
    const latest = Math.max(after, this.groups.latest(reads));
    const joined = this.groups.partToJoin(reads, latest);
    if (joined && this.joinLoop(variable, reads, joined)) return;
    for (const draft of this.groups.openAfter(latest, sizeOf(variable.shape))) {
      if (sharesSpace(draft, variable.shape) && this.joinLoop(variable, reads, draft)) return;
    }
    const rows = this.rowsFor(variable.shape);
    const { space, coordinates } = rowSpace(variable.shape, rows)!;
    const stage = this.stored(() => {
      const made = this.loops.make(space);
      this.loops.compute(made, variable, coordinates);
      return made;
    });
    this.groups.addRows({ rows, stages: [stage] }, latest, variable);
  }

  /** Adds the computation of `variable` to a part if its rows need only the same rows of the part's earlier work. */
  private joinLoop(variable: Var, reads: readonly Var[], draft: Draft): boolean {
    const { rows } = draft;
    if (!draft.binds([variable, ...reads])) return false;
    if (this.target.epilogues && this.joinEpilogue(variable, draft)) return true;
    const view = rowSpace(variable.shape, rows);
    if (!view || !this.mayJoin(rows, sizeOf(variable.shape))) return false;
    // The last loops over this space take it, when all it reads is finished or at hand there.
    const open = draft.lastLoops(view.space);
    const after = reads.reduce((latest, read) => Math.max(latest, draft.madeAt(read)), -1);
    if (open && open.at >= after && this.loops.finished(open.stage).size < this.target.loopNodes) {
      const { stage, at } = open;
      const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
      const loads = value && loadsOf([value], this.loops.finished(stage));
      if (loads?.every((load) => draft.madeAt(load.variable) < at) && readOwnRows(loads, stage.space, rows, draft)) {
        this.loops.compute(stage, variable, view.coordinates);
        this.groups.addResult(draft, at, variable, reads);
        return true;
      }
    }
    if (!draft.takes('loops')) return false;
    const stage = this.loops.make(view.space);
    const value = this.attempt(() => this.loops.expressions(stage).compute(variable, view.coordinates));
    if (!value || !readOwnRows(loadsOf([value]), view.space, rows, draft)) return false;
    this.loops.compute(stage, variable, view.coordinates);
    this.groups.addStage(draft, stage, variable);
    return true;
  }

  /** Adds the computation of `variable` to what a part's last product does with its elements, if it needs no other of them. */
  private joinEpilogue(variable: Var, draft: Draft): boolean {
    const at = draft.stages.length - 1;
    const product = draft.stages[at];
    if (product?.kind !== 'contraction' || sizeOf(product.variable.shape) !== sizeOf(variable.shape)) return false;
    const stage = draft.epilogues.get(at) ?? this.loops.make(product.variable.shape);
    for (const coordinates of this.ordersOver(product, variable)) {
      const value = this.attempt(() => this.loops.expressions(stage).compute(variable, coordinates));
      if (!value || !finishesOwn(value, draft, product, this.loops.finished(stage))) continue;
      this.loops.compute(stage, variable, coordinates);
      draft.epilogues.set(at, stage);
      const reads = loadsOf([value]).map((load) => load.variable);
      this.groups.addResult(draft, at, variable, reads);
      const finished = this.finished.get(product.variable);
      if (finished) finished.set(variable, coordinates);
      else this.finished.set(product.variable, new Map([[variable, coordinates]]));
      return true;
    }
    return false;
  }

  /** Coordinates of an array over the elements of a product: the product's own, and those of the order in which it reads them. */
  private ordersOver(product: ContractionStage, variable: Var): Affine[][] {
    const { shape } = product.variable;
    const orders = sameShape(shape, variable.shape) ? [identityCoordinates(shape.length)] : [];
    const natural = this.attempt(() =>
      new Expressions(this.storage, variable.shape).compute(variable, identityCoordinates(variable.shape.length)),
    );
    const turned =
      natural && turnedOver(product, this.finished.get(product.variable), natural, variable.shape, this.target);
    return turned ? [...orders, turned] : orders;
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
    const latest = this.groups.latest(reads);
    const joined = this.groups.partToJoin(reads, latest);
    if (
      joined?.takes('reduce') &&
      joined.binds([variable, ...reads]) &&
      this.mayJoin(joined.rows, sizeOf(input.shape))
    ) {
      const { rows } = joined;
      const stage = rows === natural.space[0] ? natural : this.attempt(() => stageFor(rows));
      if (stage && readOwnRows(loadsOf([stage.value]), stage.space, rows, joined)) {
        this.groups.addStage(joined, stage, variable);
        return;
      }
    }
    this.groups.addRows({ rows: natural.space[0], stages: [natural] }, latest, variable);
  }

  private placeContraction(eqn: Eqn): void {
    const stage = this.stored(() => contractionStage(this.storage, eqn));
    const { variable, rhs } = stage;
    const reads = readBy(stage);
    const latest = this.groups.latest(reads);
    const joined = this.groups.partToJoin(reads, latest);
    const size = sizeOf(rhs.kind === 'memory' ? rhs.variable.shape : rhs.space);
    const shared = size <= this.target.sharedOperand || stage.batch > 1;
    if (
      joined?.takes('contraction') &&
      shared &&
      joined.binds([variable, ...reads]) &&
      rowSpace(variable.shape, joined.rows) &&
      contractsOwnRows(stage, joined.rows, joined)
    ) {
      this.groups.addStage(joined, stage, variable);
      return;
    }
    this.groups.addRows({ rows: rowsOf(stage, variable.shape), stages: [stage] }, latest, variable);
    if (this.target.finishesTurned) this.finishTurned(stage);
  }

  /** Stores a product in the order of axes that all of its readers see it in, where the target finishes it so. */
  private finishTurned(product: ContractionStage): void {
    const { variable } = product;
    const reader = this.storage.onlyReader(variable);
    if (!reader || loweringOf(reader.primitive).as !== 'view') return;
    const [seen] = reader.outputs;
    if (this.storage.stored.has(seen) || sizeOf(seen.shape) !== sizeOf(variable.shape)) return;
    const value = new Expressions(this.storage, seen.shape).compute(seen, identityCoordinates(seen.shape.length));
    if (!turnedOver(product, undefined, value, seen.shape, this.target)) return;
    this.storage.stored.add(seen);
    this.placeLoop(seen);
  }

  private placePieces(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const parts = this.stored(() => pieceParts(this.loops, eqn));
    if (placeSideBySide(this.groups, this.loops, this.target, eqn, parts)) return;
    const loops = parts.filter((part) => !this.joinPiece(variable, part));
    let group = this.groups.latest([variable]);
    const latest = this.groups.latest(accessOf(loops.flatMap((part) => part.stages)).reads);
    for (const part of loops) {
      this.groups.addRows(part, latest, variable);
      group = Math.max(group, this.groups.latest([variable]));
    }
    // No single part makes the whole output, so none can go on with its rows.
    if (parts.length > 1) this.groups.share(variable, group);
  }

  /** Lets a product store its elements into the piece that they make of an array, if it can. */
  private joinPiece(variable: Var, { input, space, stages: [{ stores }] }: PieceDraft): boolean {
    const [{ place, value: natural }] = stores;
    if (!this.target.epilogues || input === null) return false;
    const reads = loadsOf([natural]).map((load) => load.variable);
    const draft = this.groups.partToJoin(reads, this.groups.latest(reads));
    const at = (draft?.stages.length ?? 0) - 1;
    const product = draft?.stages[at];
    if (!draft || product?.kind !== 'contraction' || !draft.binds([variable, ...reads])) return false;
    if (sizeOf(product.variable.shape) !== sizeOf(space)) return false;
    const { shape } = product.variable;
    const turned = turnedOver(product, this.finished.get(product.variable), natural, space, this.target);
    if (!turned) return false;
    const stage = draft.epilogues.get(at) ?? this.loops.make(shape);
    const value = this.attempt(() => this.loops.expressions(stage).at(input, turned));
    if (!value || !finishesOwn(value, draft, product, this.loops.finished(stage))) return false;
    stage.stores.push({ variable, place: composed(place, turned, shape.length), value });
    draft.epilogues.set(at, stage);
    this.groups.addResult(draft, at, variable, reads);
    return true;
  }

  /** A copy of the operand, then the updates. */
  private placeUpdate(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const last = this.inPlace.before(eqn);
    for (const value of last?.stored ?? []) {
      this.storage.stored.add(value);
      this.placeLoop(value);
    }
    // Whatever else reads the operand ends before it is overwritten.
    const free = last ? this.groups.lastReading(last.operand) : -1;
    const update = this.stored(() => updateStage(this.storage, eqn));
    const rows = update.space[0];
    const copied = (copyRows: number): OpenLoops =>
      this.stored(() => this.loops.storing(variable, copyRows, (expressions, at) => expressions.at(eqn.inputs[0], at)));
    const { chained, smallWork } = this.target;
    const one =
      (isBatched(eqn) || sizeOf(variable.shape) <= smallWork) &&
      chained.includes('loops') &&
      chained.includes('update');
    if (one) {
      const stages = [copied(rows), update];
      this.groups.addRows({ rows, stages }, Math.max(free, this.groups.latest(accessOf(stages).reads)), variable);
      return;
    }
    const copyRows = this.rowsFor(variable.shape);
    const copy = copied(copyRows);
    this.groups.addRows({ rows: copyRows, stages: [copy] }, Math.max(free, this.groups.latest(readBy(copy))), variable);
    this.groups.addRows({ rows, stages: [update] }, this.groups.latest([variable, ...readBy(update)]), variable);
  }

  private placeCall(eqn: Eqn): void {
    const operands = eqn.inputs.map((atom) => (atom instanceof Var ? this.storage.memoryOf(atom) : null));
    const reads = [...new Set(operands.filter((operand) => operand !== null))];
    const control = loweringAs(eqn.primitive, 'control')?.control(eqn.params);
    const access = { eqn, operands, reads, writes: eqn.outputs };
    this.groups.addCall(
      control
        ? {
            kind: 'control',
            control,
            regions: subprogramsOf(control).map((body) => fuse(body, this.target)),
            ...access,
          }
        : { kind: 'call', ...access },
    );
  }

  /** How many rows new work on an array of this shape is cut in: its first axis of more than one step. */
  private rowsFor(shape: Shape): number {
    return sizeOf(shape) <= this.target.oneRow ? 1 : (shape.find((extent) => extent > 1) ?? 1);
  }

  private mayJoin(rows: number, size: number): boolean {
    return rows >= this.target.fewRows || size <= this.target.smallWork;
  }
}

/** Whether a part's last loop runs over an array of this shape. */
function sharesSpace({ rows, openSpace }: Draft, shape: Shape): boolean {
  return openSpace !== null && sameShape(openSpace, rowSpace(shape, rows)?.space ?? [-1]);
}

/** The rows a product is cut in: its first output axis that comes from the batch or from the left operand. */
function rowsOf(stage: ContractionStage, shape: Shape): number {
  if (stage.batch > 1) return shape[0];
  if (stage.m <= 1) return 1;
  return stage.m;
}
