import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import type { ContractionOperand, ContractionStage, Group, MemoryOperand } from '../../../kernels/form.ts';
import { aligned } from '../../../plan/arena.ts';
import type { Var } from '../../../program/aval.ts';
import type { ModuleBuilder } from '../assembler/index.ts';
import {
  type ContractionSpec,
  type ContractionType,
  type EmittedContraction,
  emitContraction,
} from '../contraction/index.ts';
import { cpuTarget } from '../target.ts';
import { type Placement, type PointerFrame, pushBlock } from './pointers.ts';
import type { StageFrame } from './stage-frame.ts';

/** A contraction with its emitted functions and the place of its packed operands in the arena. */
export interface Product {
  readonly stage: ContractionStage;
  readonly emitted: EmittedContraction;
  /** Rows of the part's blocks: batch items or groups of matrix rows. */
  readonly rows: number;
  /** Whether operands are packed anew for every batch item, inside the block of rows. */
  readonly packsInside: boolean;
  /** Bytes of packed operands; each thread has its own when they are packed inside the blocks. */
  readonly scratchBytes: number;
  scratch: number;
}

/** Emits the functions of contractions. */
export class Products {
  private readonly module: ModuleBuilder;
  private readonly pairVectors: boolean;
  /** Variables that are 0 where they would be below the normal numbers. */
  private readonly flushed: (variable: Var) => boolean;
  readonly of = new Map<ContractionStage, Product>();

  constructor(module: ModuleBuilder, pairVectors: boolean, flushed: (variable: Var) => boolean) {
    this.module = module;
    this.pairVectors = pairVectors;
    this.flushed = flushed;
  }

  addAll(groups: readonly Group[]): void {
    for (const { parts } of groups) {
      for (const part of parts) {
        if (part.kind !== 'rows') continue;
        for (const stage of part.stages) if (stage.kind === 'contraction') this.add(stage, part.rows);
      }
    }
  }

  /** The product of a stage; its functions are emitted at first sight. */
  add(stage: ContractionStage, rows: number): Product {
    const known = this.of.get(stage);
    if (known) return known;
    const emitted = emitContraction(this.module, specOf(stage, this.flushed), { pairVectors: this.pairVectors });
    const packsInside = stage.batch > 1 && emitted.packPerBatch && emitted.pack !== undefined;
    const product: Product = {
      stage,
      emitted,
      rows,
      packsInside,
      scratchBytes: emitted.scratchBytes && aligned(emitted.scratchBytes, cpuTarget.alignment),
      scratch: 0,
    };
    this.of.set(stage, product);
    return product;
  }
}

const contractionType = (dtype: DType): ContractionType => (dtype === 'u32' || dtype === 'bool' ? 'i32' : dtype);

/** An operand in memory: the target allows no other. */
export function inMemory(operand: ContractionOperand): MemoryOperand {
  if (operand.kind === 'memory') return operand;
  throw new Error('emit: a product of this device reads its operands from memory.');
}

function specOf(stage: ContractionStage, flushed: (variable: Var) => boolean): ContractionSpec {
  const { batch, m, n, k, terms } = stage;
  const [lhs, rhs] = [inMemory(stage.lhs), inMemory(stage.rhs)];
  return {
    dtype: contractionType(stage.variable.dtype),
    batch,
    m,
    n,
    k,
    ...((flushed(lhs.variable) || flushed(rhs.variable)) && { tails: true }),
    ...(terms !== undefined && { terms }),
    a: { rowStride: lhs.free, colStride: lhs.contract, batchStride: lhs.batch },
    b: { rowStride: rhs.contract, colStride: rhs.free, batchStride: rhs.batch },
    c: { rowStride: n, batchStride: m * n },
  };
}

/** Pushes `base + offset bytes` of a placement. */
export function pushAddress(frame: PointerFrame, placement: Placement, bytes = 0): void {
  const { f } = frame;
  let offset = bytes;
  if (placement.base === 'arena') {
    f.localGet(frame.arena);
    offset += placement.offset;
  } else if (placement.base === 'block') pushBlock(frame, placement);
  else {
    f.localGet(frame.table);
    f.i32Load(4 * placement.slot);
  }
  if (offset !== 0) {
    f.i32Const(offset);
    f.i32Add();
  }
}

function pushOperands(frame: PointerFrame, product: Product, thread?: number): void {
  const { f } = frame;
  const { stage, scratch } = product;
  const operand = (side: ContractionOperand): void => {
    const { variable, offset } = inMemory(side);
    pushAddress(frame, frame.placements.get(variable) as Placement, offset * bytesPerElement(variable.dtype));
  };
  operand(stage.lhs);
  operand(stage.rhs);
  const { variable, at = 0 } = stage;
  pushAddress(frame, frame.placements.get(variable) as Placement, at * bytesPerElement(variable.dtype));
  pushAddress(frame, { base: 'arena', offset: scratch });
  if (thread === undefined || !product.packsInside) return;
  f.localGet(thread);
  f.i32Const(product.scratchBytes);
  f.i32Mul();
  f.i32Add();
}

/** Packs blocks [from, to) of the operands, for all rows. */
export function emitPack(frame: PointerFrame, product: Product, from: number, to: number): void {
  const { f } = frame;
  pushOperands(frame, product);
  f.i32Const(0);
  f.localGet(from);
  f.localGet(to);
  f.call(product.emitted.pack!);
}

/** Computes the product for the rows [from, to) of the block. */
export function emitProduct(frame: StageFrame, product: Product): void {
  const { f } = frame;
  const { stage, emitted, rows, packsInside } = product;
  if (stage.batch * stage.m * stage.n === 0) return;
  if (stage.batch > 1) {
    const items = stage.batch / rows;
    const [first, end] = f.locals('i32', 2);
    [frame.from, frame.to].forEach((row, i) => {
      f.localGet(row);
      f.i32Const(items);
      f.i32Mul();
      f.localSet(i === 0 ? first : end);
    });
    f.loop(
      { local: end },
      (item) => {
        if (packsInside) {
          pushOperands(frame, product, frame.thread);
          f.localGet(item);
          f.i32Const(0);
          f.i32Const(emitted.packBlocks);
          f.call(emitted.pack!);
        }
        pushOperands(frame, product, frame.thread);
        f.localGet(item);
        f.i32Const(0);
        f.i32Const(emitted.rowBlocks);
        f.call(emitted.rows);
      },
      { from: { local: first } },
    );
    f.release(first, end);
    return;
  }
  const perRow = stage.m / rows;
  pushOperands(frame, product);
  f.i32Const(0);
  f.localGet(frame.from);
  f.i32Const(perRow);
  f.i32Mul();
  f.i32Const(emitted.rowsPerBlock);
  f.i32DivU();
  f.localGet(frame.to);
  f.i32Const(perRow);
  f.i32Mul();
  f.i32Const(emitted.rowsPerBlock - 1);
  f.i32Add();
  f.i32Const(emitted.rowsPerBlock);
  f.i32DivU();
  f.call(emitted.rows);
}
