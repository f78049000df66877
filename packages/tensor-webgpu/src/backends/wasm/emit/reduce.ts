import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import { type Expression, loadsOf } from '../../../kernels/expression.ts';
import type { ReduceStage } from '../../../kernels/form.ts';
import type { ReduceOperation } from '../../../program/placing.ts';
import type { Affine } from '../../../shape/affine.ts';
import { rowMajorStrides, sizeOf } from '../../../shape/shape.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import { addKeeping, joinKept, RUN } from '../contraction/exact.ts';
import { emitArgReduce } from './arg-reduce.ts';
import { ExpressionCode } from './expression-code.ts';
import { extremesOf } from './extremes.ts';
import { emitKeptLoops, rowRange } from './kept-loops.ts';
import { emitLoops } from './loops.ts';
import { storeScalar, storeVector } from './memory-code.ts';
import { widthOf } from './native.ts';
import { collapseNest, type Nest, placesOf } from './nest.ts';
import { type Address, Pointers } from './pointers.ts';
import { blockLength, combines, identityOf, pushIdentity } from './reduce-operations.ts';
import { scalarOperation, scalarType } from './scalar-operations.ts';
import type { StageFrame } from './stage-frame.ts';
import { vectorOperation } from './vector-operations.ts';

/** Independent partial results of a long run; they hide the latency of the additions. */
const PARTIALS = 4;
/** Sums of more terms than this in f32 keep what rounding takes from the sum of their blocks. */
const LONG_SUM = 1024;
/** The run of a sum in pieces: what their roundings add stays within the bound of a run. */
const PIECE_RUN = RUN - 8;

/** Emits a reduction for the rows [from, to) of its result. */
export function emitReduce(frame: StageFrame, stage: ReduceStage): void {
  const keptSpace = stage.space.slice(0, stage.kept);
  if (sizeOf(keptSpace) === 0) return;
  const place = resultPlace(stage);
  if (sizeOf(stage.space) === 0) {
    const value: Expression = {
      kind: 'literal',
      dtype: stage.variable.dtype,
      value: identityOf(stage.operation, stage.variable.dtype),
    };
    emitLoops(frame, {
      kind: 'loops',
      space: keptSpace,
      stores: [{ variable: stage.variable, place: { ...place, strides: place.strides.slice(0, stage.kept) }, value }],
    });
  } else if (stage.operation === 'argMax' || stage.operation === 'argMin') emitArgReduce(frame, stage, place);
  else new Reduction(frame, stage, place).emit();
}

/** The result lies row-major over the kept axes. */
const resultPlace = ({ space, kept, at = 0 }: ReduceStage): Affine => ({
  offset: at,
  strides: [...rowMajorStrides(space.slice(0, kept)), ...space.slice(kept).map(() => 0)],
});

class Reduction {
  private readonly frame: StageFrame;
  private readonly f: FunctionBuilder;
  private readonly value: Expression;
  private readonly dtype: DType;
  private readonly operation: ReduceOperation;
  private readonly vector: boolean;
  private readonly nest: Nest;
  private readonly pointers: Pointers;
  private readonly code: ExpressionCode;
  private readonly result: Address;
  private readonly axis: number;
  /** Whether each accumulator of a result has another one with what rounding took from it. */
  private readonly keeps: boolean;
  private readonly ofSums: boolean;
  private readonly isPiece: boolean;

  constructor(frame: StageFrame, stage: ReduceStage, place: Affine) {
    this.frame = frame;
    this.f = frame.f;
    this.value = stage.value;
    this.dtype = stage.variable.dtype;
    this.operation = stage.operation;
    this.vector = widthOf([stage.value]) === 4;
    this.nest = collapseNest(stage.space, [...placesOf([stage.value]), place], stage.kept);
    this.isPiece = stage.at !== undefined;
    this.axis = this.chooseAxis();
    const terms = sizeOf(stage.space.slice(stage.kept));
    this.ofSums = stage.ofSums ?? false;
    const sum = this.vector && this.dtype === 'f32' && this.operation === 'reduceSum';
    this.keeps = sum && (terms > LONG_SUM || this.ofSums);
    this.pointers = new Pointers(frame);
    this.code = new ExpressionCode(frame.f, frame.context, this.pointers, this.nest.collapse, this.axis, this.width);
    this.code.register([stage.value]);
    this.result = this.pointers.of(stage.variable, this.nest.collapse(place));
  }

  private get width(): 1 | 4 {
    return this.vector ? 4 : 1;
  }

  /** The axis that vectors run along: a reduced one, or a kept one where more operands lie densely along that. */
  private chooseAxis(): number {
    const { extents, kept, collapse } = this.nest;
    const reduced = extents.length - 1;
    if (reduced < kept) return kept - 1;
    // Pieces are rows that are not taken together.
    if (!this.vector || (this.isPiece && kept === 1)) return reduced;
    const dense = (axis: number): number =>
      loadsOf([this.value]).filter((load) => collapse(load.place).strides[axis] === 1).length;
    const [along, across] = [dense(reduced), dense(kept - 1)];
    if (along !== across) return along > across ? reduced : kept - 1;
    return extents[reduced] >= extents[kept - 1] ? reduced : kept - 1;
  }

  emit(): void {
    const { nest, pointers, axis } = this;
    if (axis >= nest.kept) emitKeptLoops(this.frame, nest, pointers, nest.kept, () => this.along());
    else emitKeptLoops(this.frame, nest, pointers, axis, () => this.across());
    this.code.release();
    pointers.release();
  }

  private identity(): void {
    pushIdentity(this.f, this.operation, this.dtype, this.vector);
  }

  private accumulators(count: number): number[] {
    const locals = this.f.locals(this.vector ? 'v128' : scalarType(this.dtype), count);
    for (const local of locals) {
      this.identity();
      this.f.localSet(local);
    }
    return locals;
  }

  /** Combines the value on the stack into an accumulator. */
  private combine(accumulator: number): void {
    const { f } = this;
    const name = combines[this.operation] as string;
    f.localGet(accumulator);
    (this.vector ? vectorOperation(name, this.dtype) : scalarOperation(name, this.dtype))!(f);
    f.localSet(accumulator);
  }

  private combineFrom(accumulator: number, from: number): void {
    this.f.localGet(from);
    this.combine(accumulator);
  }

  private take(accumulator: number, lanes: number, shift: number): void {
    const { f } = this;
    this.code.body(lanes, shift, () => {
      this.code.push(this.value);
      if (this.axis >= this.nest.kept && lanes < this.width) {
        this.identity();
        const mask = [0, 1, 2, 3].map((lane) => (lane < lanes ? -1 : 0));
        f.i32x4Const(mask[0], mask[1], mask[2], mask[3]);
        f.v128Bitselect();
      }
      this.combine(accumulator);
    });
  }

  /** Loops over the reduced axes from `axis` to before `until`. */
  private reducedLoops(axis: number, until: number, body: () => number): void {
    const { f, pointers, nest } = this;
    const level = (at: number): number => {
      if (at === until) return body();
      f.loop(nest.extents[at], () => {
        const inside = level(at + 1);
        pointers.move((strides) => strides[at] - (at + 1 < nest.extents.length ? inside * strides[at + 1] : 0));
      });
      return nest.extents[at];
    };
    const moved = level(axis);
    if (axis < nest.extents.length) pointers.move((strides) => -moved * strides[axis]);
  }

  /** One result from vectors along the innermost reduced axis. */
  private along(): void {
    const { f, nest } = this;
    const last = nest.extents.length - 1;
    const [total, ...lost] = this.accumulators(this.keeps ? 2 : 1);
    this.reducedLoops(nest.kept, last, () => this.run(nest.extents[last], total, lost[0]));
    for (const local of lost) joinKept(f, total, local);
    this.storeJoined(total);
    f.release(total, ...lost);
  }

  /** Combines a partial result into a total. */
  private gather(total: number, lost: number | undefined, partial: number): void {
    if (lost === undefined) this.combineFrom(total, partial);
    else {
      const scratch = this.f.locals('v128', 2) as [number, number];
      addKeeping(this.f, total, lost, partial, scratch);
      this.f.release(...scratch);
    }
  }

  private blockLength(terms: number): number {
    if (this.keeps) return this.ofSums ? 1 : Math.min(terms, this.isPiece ? PIECE_RUN : RUN);
    return blockLength(terms);
  }

  /** Takes a run of `extent` elements into `total`; returns how many steps the pointers moved. */
  private run(extent: number, total: number, lost?: number): number {
    const { f, pointers, width } = this;
    const last = this.nest.extents.length - 1;
    this.code.hoist([this.value]);
    const vectors = Math.floor(extent / width);
    const rest = extent % width;
    let moved = 0;
    // What is left over of whole blocks comes to the total at once.
    const [into] = lost === undefined ? [total] : this.accumulators(1);
    const partials = vectors >= 2 * PARTIALS ? PARTIALS : 1;
    const turns = Math.floor(vectors / partials);
    const { operation } = this;
    if (turns > 1 && this.vector && this.dtype === 'f32' && (operation === 'reduceMax' || operation === 'reduceMin')) {
      this.takeExtremes(operation, turns, partials, total);
      moved = turns * partials * width;
    } else if (turns > 1) {
      const sums = this.accumulators(partials);
      const turn = (): void => {
        sums.forEach((sum, shift) => this.take(sum, width, shift));
        pointers.move((strides) => partials * width * strides[last]);
      };
      const flush = (): void => {
        for (const sum of sums.slice(1)) this.combineFrom(sums[0], sum);
        this.gather(total, lost, sums[0]);
      };
      const block = this.blockLength(turns);
      if (block < turns) {
        f.loop(Math.floor(turns / block), () => {
          f.loop(block, turn);
          flush();
          for (const sum of sums) {
            this.identity();
            f.localSet(sum);
          }
        });
        if (turns % block > 0) f.loop(turns % block, turn);
      } else f.loop(turns, turn);
      if (into === total) flush();
      else sums.forEach((sum) => this.combineFrom(into, sum));
      f.release(...sums);
      moved = turns * partials * width;
    }
    const left = vectors - moved / width;
    for (let shift = 0; shift < left; shift++) this.take(into, width, shift);
    if (rest > 0) this.take(into, rest, left);
    if (into !== total) {
      this.gather(total, lost, into);
      f.release(into);
    }
    this.code.endHoist();
    return moved;
  }

  /** Takes `turns` times so many vectors of f32 into `total`, their largest or smallest. */
  private takeExtremes(operation: 'reduceMax' | 'reduceMin', turns: number, partials: number, total: number): void {
    const { f, pointers, width } = this;
    const best = this.accumulators(partials);
    const extremes = extremesOf(f, operation);
    const body = (into: number, shift: number): void =>
      this.code.body(width, shift, () => {
        this.code.push(this.value);
        extremes.take(into);
      });
    f.loop(turns, () => {
      best.forEach(body);
      pointers.move((strides) => partials * width * strides[strides.length - 1]);
    });
    for (const other of best.slice(1)) extremes.join(best[0], other);
    extremes.settle(best[0]);
    this.combineFrom(total, best[0]);
    f.release(...best);
  }

  /** Joins the lanes of a vector and stores the result. */
  private storeJoined(total: number): void {
    const { f, dtype, vector } = this;
    if (vector) {
      for (const order of [
        [2, 3, 0, 1],
        [1, 0, 3, 2],
      ]) {
        f.localGet(total);
        f.localGet(total);
        f.i32x4Shuffle(order[0], order[1], order[2], order[3]);
        this.combine(total);
      }
    }
    f.localGet(total);
    if (vector) storeVector(f, this.result, 4, dtype, 1, false);
    else storeScalar(f, this.result, dtype);
  }

  /** Results side by side: vectors along the innermost kept axis. */
  private across(): void {
    const { f, nest, pointers, axis, width } = this;
    const wide = PARTIALS;
    const chunk = (vectors: number, lanes: number, shift = 0): void => {
      const sums = this.accumulators(vectors);
      const body = (into: readonly number[]): void => {
        this.code.hoist([this.value]);
        into.forEach((sum, i) => this.take(sum, lanes, shift + i));
        this.code.endHoist();
      };
      this.reducedColumn(sums, body);
      sums.forEach((sum, i) => {
        f.localGet(sum);
        this.code.body(lanes, shift + i, () =>
          this.code.store(this.result, bytesPerElement(this.dtype), this.dtype, false),
        );
      });
      f.release(...sums);
    };
    const advance = (vectors: number): void => pointers.move((strides) => vectors * width * strides[axis]);
    if (axis === 0 && nest.hasRows) {
      const [first, end] = rowRange(this.frame, nest.rowFactor);
      const bound = f.local('i32');
      for (const vectors of [wide, 1]) {
        const step = vectors * width;
        // bound = first + ((end - first) & -step)
        f.localGet(end);
        f.localGet(first);
        f.i32Sub();
        f.i32Const(-step);
        f.i32And();
        f.localGet(first);
        f.i32Add();
        f.localSet(bound);
        f.loop(
          { local: bound },
          () => {
            chunk(vectors, width);
            advance(vectors);
          },
          { from: { local: first }, step },
        );
        f.localGet(bound);
        f.localSet(first);
      }
      const rest = nest.extents[0] % width;
      if (rest > 0) {
        f.localGet(this.frame.to);
        f.i32Const(this.frame.rows);
        f.i32Eq();
        f.if(() => chunk(1, rest));
      }
      f.release(first, end, bound);
      return;
    }
    const vectors = Math.floor(nest.extents[axis] / width);
    const rest = nest.extents[axis] % width;
    const turns = Math.floor(vectors / wide);
    if (turns > 0) {
      f.loop(turns, () => {
        chunk(wide, width);
        advance(wide);
      });
    }
    const left = vectors - turns * wide;
    if (left > 0) chunk(left, width);
    if (rest > 0) chunk(1, rest, left);
    if (turns > 0) pointers.move((strides) => -turns * wide * width * strides[axis]);
  }

  /** Runs `body` over all reduced steps; long runs go through partial sums. */
  private reducedColumn(sums: readonly number[], body: (into: readonly number[]) => void): void {
    const { f, nest, pointers } = this;
    const last = nest.extents.length - 1;
    if (last < nest.kept) {
      body(sums);
      return;
    }
    const lost = this.keeps ? this.accumulators(sums.length) : [];
    this.reducedLoops(nest.kept, last, () => {
      const extent = nest.extents[last];
      const step = (into: readonly number[]) => (): void => {
        body(into);
        pointers.move((strides) => strides[last]);
      };
      const block = this.blockLength(extent);
      if (block >= extent && !this.keeps) {
        f.loop(extent, step(sums));
        return extent;
      }
      const run = (count: number): void => {
        const partial = this.accumulators(sums.length);
        f.loop(count, step(partial));
        sums.forEach((sum, i) => this.gather(sum, lost[i], partial[i]));
        f.release(...partial);
      };
      f.loop(Math.floor(extent / block), () => run(block));
      if (extent % block > 0) run(extent % block);
      return extent;
    });
    lost.forEach((local, i) => joinKept(f, sums[i], local));
    f.release(...lost);
  }
}
