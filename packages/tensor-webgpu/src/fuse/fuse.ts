import { type Eqn, type Program, Var } from '../program/program.ts';
import { range, type Shape, sizeOf } from '../shape/shape.ts';
import { type Affine, constantAffine, flatten, identityCoordinates, scaled } from './affine.ts';
import { contractionStage } from './contraction.ts';
import { Expressions, MustStore } from './express.ts';
import { type Expression, loadsOf } from './expression.ts';
import { normalize } from './normalize.ts';
import { contractsOwnRows, readsOwnRows, rowSpace } from './rows.ts';
import type {
  CallPart,
  ContractionStage,
  ControlPart,
  Group,
  LoopStage,
  Part,
  ReduceOperation,
  ReduceStage,
  RowPart,
  Schedule,
  Stage,
  UpdateMode,
  UpdateStage,
  UpdateTerm,
} from './schedule.ts';
import { madeBy, valuesOf } from './stages.ts';
import { isLookup, isPieces, isUpdate, Storage } from './storage.ts';
import { dropUnusedStores } from './unused.ts';

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
  private readonly homes = new Map<Var, Home>();
  private readonly localOf = new Map<Part, Set<Var>>();
  private readonly expressionsOf = new Map<LoopStage, Expressions>();

  constructor(program: Program & { readonly outputs: readonly Var[] }, storage: Storage) {
    this.program = program;
    this.storage = storage;
  }

  run(): Schedule {
    for (const eqn of this.program.eqns) this.place(eqn);
    const groups: readonly Group[] = dropUnusedStores(this.groups, this.program.outputs);
    return { program: this.program, inputs: this.program.inputs, groups, outputs: this.program.outputs };
  }

  private place(eqn: Eqn): void {
    const { kind } = eqn.primitive;
    if (kind === 'reduce') this.placeReduce(eqn);
    else if (kind === 'contraction') this.placeContraction(eqn);
    else if (isPieces(eqn)) this.placePieces(eqn);
    else if (isUpdate(eqn)) this.placeUpdate(eqn);
    else if (kind === 'control' || (kind === 'opaque' && !isLookup(eqn))) this.placeCall(eqn);
    else for (const variable of eqn.outputs) if (this.storage.stored.has(variable)) this.placeLoop(variable);
  }

  /** The last group that computes something read here; -1 when only inputs are read. */
  private latest(variables: readonly Var[]): number {
    let latest = -1;
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
    const stage = this.loopStage(space);
    this.addStore(stage, variable, coordinates);
    this.addPart({ kind: 'rows', rows, stages: [stage] }, latest, [variable]);
  }

  private loopStage(space: Shape): LoopStage {
    const stage: LoopStage = { kind: 'loops', space, stores: [] };
    this.expressionsOf.set(stage, new Expressions(this.storage, space));
    return stage;
  }

  private addStore(stage: LoopStage, variable: Var, coordinates: readonly Affine[]): void {
    const expressions = this.expressionsOf.get(stage)!;
    const place = flatten(coordinates, variable.shape, stage.space.length);
    const value = expressions.compute(variable, coordinates);
    stage.stores.push({ variable, place, value });
    expressions.atHand.set(variable, { place, value });
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
        const value = this.attempt(() => this.expressionsOf.get(stage)!.compute(variable, view.coordinates));
        const later = new Set(part.stages.slice(i).flatMap(madeBy));
        if (
          value &&
          readsOwnRows([value], stage.space, part.rows, local) &&
          !loadsOf([value]).some((load) => later.has(load.variable))
        ) {
          this.addStore(stage, variable, view.coordinates);
          local.add(variable);
          this.homes.set(variable, home);
          return true;
        }
      }
    }
    const stage = this.loopStage(view.space);
    const value = this.attempt(() => this.expressionsOf.get(stage)!.compute(variable, view.coordinates));
    if (!value || !readsOwnRows([value], view.space, part.rows, local)) return false;
    this.addStore(stage, variable, view.coordinates);
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
    const axes: readonly number[] = eqn.params.axes ?? [eqn.params.axis];
    const kept = range(0, input.shape.length).filter((axis) => !axes.includes(axis));
    const operation = eqn.primitive.name as ReduceOperation;
    const stageFor = (rows: number): ReduceStage | null => {
      const view = rowSpace(variable.shape, rows);
      if (!view) return null;
      const space = [...view.space, ...axes.map((axis) => input.shape[axis])];
      const widen = (form: Affine): Affine => ({
        offset: form.offset,
        strides: [...form.strides, ...axes.map(() => 0)],
      });
      const coordinates = new Array<Affine>(input.shape.length);
      kept.forEach((axis, i) => {
        coordinates[axis] = widen(view.coordinates[i]);
      });
      axes.forEach((axis, i) => {
        const strides = new Array<number>(space.length).fill(0);
        strides[view.space.length + i] = 1;
        coordinates[axis] = { offset: 0, strides };
      });
      const value = new Expressions(this.storage, space).at(input, coordinates);
      return { kind: 'reduce', operation, space, kept: view.space.length, value, variable };
    };
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

  /** `concat` and `pad`: boxes of the output that do not overlap, each filled by a loop. */
  private placePieces(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const rank = variable.shape.length;
    const pieces: { space: Shape; start: number[]; value: (expressions: Expressions) => Expression }[] = [];
    if (eqn.primitive.name === 'concat') {
      let at = 0;
      for (const atom of eqn.inputs) {
        const start = new Array<number>(rank).fill(0);
        start[eqn.params.axis] = at;
        at += atom.shape[eqn.params.axis];
        pieces.push({
          space: atom.shape,
          start,
          value: (expressions) => expressions.at(atom, identityCoordinates(rank)),
        });
      }
    } else {
      const { low, high, value } = eqn.params;
      const [input] = eqn.inputs;
      const fill: Expression = { kind: 'literal', dtype: variable.dtype, value };
      for (let axis = 0; axis < rank; axis++) {
        // Earlier axes are restricted to the input's range, later ones run over the whole output.
        const slab = (from: number, extent: number): void => {
          if (extent === 0) return;
          const space = variable.shape.map((whole, i) => (i < axis ? input.shape[i] : i === axis ? extent : whole));
          const start = variable.shape.map((_, i) => (i < axis ? low[i] : i === axis ? from : 0));
          pieces.push({ space, start, value: () => fill });
        };
        slab(0, low[axis]);
        slab(low[axis] + input.shape[axis], high[axis]);
      }
      pieces.push({
        space: input.shape,
        start: [...low],
        value: (expressions) => expressions.at(input, identityCoordinates(rank)),
      });
    }
    const parts: RowPart[] = [];
    for (const { space, start, value } of pieces) {
      if (sizeOf(space) === 0) continue;
      const wide = rank === 0 ? [1] : space;
      const stage = this.loopStage(wide);
      const coordinates = identityCoordinates(rank).map((form, i) => scaled(form, 1, start[i]));
      const place = rank === 0 ? constantAffine(0, 1) : flatten(coordinates, variable.shape, rank);
      stage.stores.push({ variable, place, value: value(this.expressionsOf.get(stage)!) });
      parts.push({ kind: 'rows', rows: wide[0], stages: [stage] });
    }
    const reads = parts
      .flatMap((part) => loadsOf((part.stages[0] as LoopStage).stores.map((store) => store.value)))
      .map((load) => load.variable);
    const latest = this.latest(reads);
    if (parts.length === 0) parts.push({ kind: 'rows', rows: 0, stages: [] });
    for (const part of parts) this.addPart(part, latest, [variable]);
    // No single part makes the whole output, so none can go on with its rows.
    const { group } = this.homes.get(variable)!;
    if (parts.length > 1) this.homes.set(variable, { group, part: { kind: 'call', eqn, operands: [] } });
  }

  /** `scatter` and `dynamicUpdateSlice`: a copy of the operand, then the updates. */
  private placeUpdate(eqn: Eqn): void {
    const [variable] = eqn.outputs;
    const [operand] = eqn.inputs;
    const batched = eqn.primitive.name === 'scatter' && eqn.params.batchDims > 0;
    const rows = batched ? variable.shape[0] : 1;
    const copy = this.rowLoop(
      variable.shape,
      rows,
      (expressions, coordinates) => expressions.at(operand, coordinates),
      variable,
    );
    const update = eqn.primitive.name === 'scatter' ? this.scatterStage(eqn, rows) : this.updateSliceStage(eqn);
    const reads = (stage: Stage): Var[] => loadsOf(valuesOf(stage)).map((load) => load.variable);
    if (rows > 1 || sizeOf(variable.shape) <= SMALL_WORK) {
      this.addPart({ kind: 'rows', rows, stages: [copy, update] }, this.latest([...reads(copy), ...reads(update)]), [
        variable,
      ]);
      return;
    }
    const copyRows = rowsFor(variable.shape);
    const whole = this.rowLoop(
      variable.shape,
      copyRows,
      (expressions, coordinates) => expressions.at(operand, coordinates),
      variable,
    );
    this.addPart({ kind: 'rows', rows: copyRows, stages: [whole] }, this.latest(reads(whole)), [variable]);
    this.addPart({ kind: 'rows', rows, stages: [update] }, this.latest([variable, ...reads(update)]), [variable]);
  }

  /** A loop that stores one value per element of `variable`, over a space whose first axis has `rows` steps. */
  private rowLoop(
    shape: Shape,
    rows: number,
    value: (expressions: Expressions, coordinates: readonly Affine[]) => Expression,
    variable: Var,
  ): LoopStage {
    const { space, coordinates } = rowSpace(shape, rows)!;
    const stage = this.loopStage(space);
    stage.stores.push({
      variable,
      place: flatten(coordinates, shape, space.length),
      value: value(this.expressionsOf.get(stage)!, coordinates),
    });
    return stage;
  }

  private scatterStage(eqn: Eqn, rows: number): UpdateStage {
    const [variable] = eqn.outputs;
    const [, indices, updates] = eqn.inputs;
    const { batchDims, mode } = eqn.params as { batchDims: number; mode: UpdateMode };
    const { space, coordinates } = rowSpace(updates.shape, rows)!;
    const expressions = new Expressions(this.storage, space);
    const limit = variable.shape[batchDims] - 1;
    const stride = sizeOf(variable.shape.slice(batchDims + 1));
    const index = expressions.at(indices, coordinates.slice(0, indices.shape.length));
    const within = [
      ...coordinates.slice(0, batchDims),
      constantAffine(0, space.length),
      ...coordinates.slice(indices.shape.length),
    ];
    const place = flatten(within, variable.shape, space.length);
    return {
      kind: 'update',
      mode,
      space,
      variable,
      place,
      terms: [{ index, limit, stride, clamp: false }],
      value: expressions.at(updates, coordinates),
    };
  }

  private updateSliceStage(eqn: Eqn): UpdateStage {
    const [variable] = eqn.outputs;
    const [, update, ...starts] = eqn.inputs;
    const { space, coordinates } = rowSpace(update.shape, 1)!;
    const expressions = new Expressions(this.storage, space);
    const terms = starts.flatMap((start, axis): UpdateTerm[] => {
      const limit = variable.shape[axis] - update.shape[axis];
      const stride = sizeOf(variable.shape.slice(axis + 1));
      return limit > 0 ? [{ index: expressions.at(start, []), limit, stride, clamp: true }] : [];
    });
    const place = flatten(coordinates, variable.shape, space.length);
    return { kind: 'update', mode: 'set', space, variable, place, terms, value: expressions.at(update, coordinates) };
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

/** How many rows new work on an array of this shape is cut in. */
const rowsFor = (shape: Shape): number => (sizeOf(shape) <= ONE_ROW ? 1 : shape[0]);

const mayJoin = (rows: number, size: number): boolean => rows >= FEW_ROWS || size <= SMALL_WORK;

/** The rows a product is cut in: its first output axis that comes from the batch or from the left operand. */
function rowsOf(stage: ContractionStage, shape: Shape): number {
  if (stage.batch > 1) return shape[0];
  if (stage.m <= 1) return 1;
  return stage.m;
}
