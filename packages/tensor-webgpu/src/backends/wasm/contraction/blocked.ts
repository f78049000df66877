import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import type { Element } from './element.ts';
import { elements } from './element.ts';
import { indexedAddress } from './lanes.ts';
import type { StripPlan } from './pack.ts';
import { emitPackStrips, planStrips } from './pack.ts';
import type { ContractionSpec, EmittedContraction } from './spec.ts';
import { A_PTR, B_PTR, BATCH, C_PTR, CONTRACTION_PARAMS, END, SCRATCH_PTR, START } from './spec.ts';
import { callTile, emitTile } from './tile.ts';

/** Steps of k between stores of C: a strip of B of this depth and a block of A's rows fit the first-level cache together. */
const K_BLOCK = 256;
/** Row blocks that share a strip of B while it is in the first-level cache. */
const CHUNK_BLOCKS = 16;
/** Below this depth, walking down a column of A meets too few cache lines to be worth a copy. */
const SHALLOW_K = 32;

/** Rows and vectors of the register tile. */
interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

/** Vector registers of x86-64, less the one that V8 keeps for itself. */
const REGISTERS = 15;

/**
 * The tile with the most sums among those that do not spill: sums, one side of the outer product, one streamed operand, and
 * the product where it is not fused with the addition. At most two vectors wide where there are rows enough, so that few
 * columns of a last strip are wasted.
 */
function tileShape(spec: ContractionSpec, fused: boolean): TileShape {
  const m = Math.max(1, spec.m);
  const columnVectors = Math.max(1, Math.ceil(spec.n / elements[spec.dtype].lanes));
  const fits = (rows: number, vectors: number) =>
    rows * vectors + Math.min(rows, vectors) + (fused ? 1 : 2) <= REGISTERS;
  if (columnVectors === 1) return { rows: Math.min(m, 8), vectors: 1 };
  const tallest = fits(6, 2) ? 6 : 5;
  if (m >= tallest) return { rows: tallest, vectors: 2 };
  let vectors = 1;
  while (vectors < Math.min(8, columnVectors) && fits(m, vectors + 1)) vectors++;
  return { rows: m, vectors };
}

/** Where one operand is read by the tiles: in place, or in packed strips. */
interface Source {
  readonly plan: StripPlan;
  readonly packed: boolean;
  /** Elements from one line to the next inside a strip, from one k to the next, and from one whole strip to the next. */
  readonly lineStride: number;
  readonly step: number;
  readonly lastStep: number;
  readonly stripStride: number;
}

function source(
  plan: StripPlan,
  packed: boolean,
  strides: { readonly line: number; readonly step: number },
  element: Element,
): Source {
  if (!packed)
    return {
      plan,
      packed,
      lineStride: strides.line,
      step: strides.step,
      lastStep: strides.step,
      stripStride: plan.width * strides.line,
    };
  return {
    plan,
    packed,
    lineStride: 1,
    step: plan.width,
    lastStep: plan.paddedRest,
    stripStride: plan.stripBytes / element.bytes,
  };
}

/**
 * Cache-blocked matrix product in the manner of BLIS (Van Zee and van de Geijn, "BLIS: A Framework for Rapidly Instantiating
 * BLAS Functionality", 2015): strips of B as wide as the register tile, packed so that a tile reads them in order; rows of A
 * read in place, or packed where walking along k would leave a cache line at every step.
 */
export function emitBlocked(
  module: ModuleBuilder,
  spec: ContractionSpec,
  name: string,
): EmittedContraction {
  const { m, n, k } = spec;
  const element = elements[spec.dtype];
  const { bytes } = element;
  const shape = tileShape(spec, module.relaxed && spec.dtype !== 'i32');
  const cols = shape.vectors * element.lanes;

  const bStrides = { line: spec.b.colStride, step: spec.b.rowStride };
  const aStrides = { line: spec.a.rowStride, step: spec.a.colStride };
  // A copy of B pays when several row blocks read it.
  const packB = k > 0 && m > 2 * shape.rows;
  const packA = k > SHALLOW_K && Math.abs(aStrides.step) > 1 && n > 2 * cols;
  const bPlan = planStrips(element, n, k, cols, element.lanes);
  const aPlan = planStrips(element, m, k, shape.rows, 1);
  const b = source(bPlan, packB, bStrides, element);
  const a = source(aPlan, packA, aStrides, element);

  const rows = emitRows(module, spec, name, element, a, b);
  const rowBlocks = aPlan.full + (aPlan.rest > 0 ? 1 : 0);
  const base = { rows, rowBlocks, rowsPerBlock: shape.rows };
  if (!packA && !packB) return { ...base, scratchBytes: 0, packBlocks: 0, packPerBatch: false };

  const bBlocks = packB ? bPlan.full + (bPlan.rest > 0 ? 1 : 0) : 0;
  const aBlocks = packA ? rowBlocks : 0;
  const pack = module.func(`${name}-pack`, CONTRACTION_PARAMS);
  const emitCall = (
    operand: number,
    batchStride: number,
    offset: number,
    firstBlock: number,
    packAll: FunctionBuilder,
  ) => {
    const at = indexedAddress(pack, operand, BATCH, batchStride * bytes);
    pack.localGet(at);
    pack.release(at);
    pack.localGet(SCRATCH_PTR);
    pack.i32Const(offset);
    pack.i32Add();
    for (const bound of [START, END]) {
      pack.localGet(bound);
      pack.i32Const(firstBlock);
      pack.i32Sub();
    }
    pack.call(packAll);
  };
  if (packB)
    emitCall(B_PTR, spec.b.batchStride, 0, 0, emitPackStrips(module, `${name}-pack-b`, element, bPlan, k, bStrides));
  if (packA)
    emitCall(
      A_PTR,
      spec.a.batchStride,
      scratchOfA(b),
      bBlocks,
      emitPackStrips(module, `${name}-pack-a`, element, aPlan, k, aStrides),
    );
  return {
    ...base,
    pack,
    packBlocks: bBlocks + aBlocks,
    packPerBatch: (packB && spec.b.batchStride !== 0) || (packA && spec.a.batchStride !== 0),
    scratchBytes: scratchOfA(b) + (packA ? aPlan.totalBytes : 0),
  };
}

/** Packed rows of A follow packed B, from a multiple of 64 bytes on. */
function scratchOfA(b: Source): number {
  return b.packed ? Math.ceil(b.plan.totalBytes / 64) * 64 : 0;
}

function emitRows(
  module: ModuleBuilder,
  spec: ContractionSpec,
  name: string,
  element: Element,
  a: Source,
  b: Source,
): FunctionBuilder {
  const { k } = spec;
  const { bytes } = element;
  const rowsPerBlock = a.plan.width;
  const tiles = new Map<string, FunctionBuilder>();
  const tile = (rows: number, cols: number, aStep: number, bStep: number): FunctionBuilder => {
    const key = `${rows}x${cols}`;
    const known = tiles.get(key);
    if (known) return known;
    const made = emitTile(module, `${name}-tile-${key}`, {
      element,
      rows,
      cols,
      aRowStride: a.lineStride,
      aStep,
      bColStride: b.lineStride,
      bStep,
      bPadded: b.packed,
      cRowStride: spec.c.rowStride,
    });
    tiles.set(key, made);
    return made;
  };

  const f = module.func(`${name}-rows`, CONTRACTION_PARAMS);
  const operandBase = (pointer: number, operand: Source, batchStride: number, scratch: number) => {
    if (!operand.packed) return indexedAddress(f, pointer, BATCH, batchStride * bytes);
    const base = f.local('i32');
    f.localGet(SCRATCH_PTR);
    f.i32Const(scratch);
    f.i32Add();
    f.localSet(base);
    return base;
  };
  const aBase = operandBase(A_PTR, a, spec.a.batchStride, scratchOfA(b));
  const bBase = operandBase(B_PTR, b, spec.b.batchStride, 0);
  const cBase = indexedAddress(f, C_PTR, BATCH, spec.c.batchStride * bytes);
  const [chunkEnd, wholeEnd] = [f.local('i32'), f.local('i32')];
  const cBlockBytes = rowsPerBlock * spec.c.rowStride * bytes;

  /** `base + index * indexBytes + k0 * stepBytes` in a new local; `k0` may be absent. */
  const address = (base: number, index: number, indexBytes: number, k0: number | undefined, step: number) => {
    const at = indexedAddress(f, base, index, indexBytes);
    if (k0 === undefined) return at;
    const moved = indexedAddress(f, at, k0, step * bytes);
    f.release(at);
    return moved;
  };

  /** All row blocks of the chunk against one strip of B, whose columns begin at `cAt`. */
  const strip = (
    chunk: number,
    bAt: number,
    cAt: number,
    cols: number,
    bStep: number,
    k0: number | undefined,
    depth: number,
    pushAccumulate: () => void,
  ) => {
    const block = (rows: number, index: number, aStep: number) => {
      const aAt = address(aBase, index, a.stripStride * bytes, k0, aStep);
      const cBlock = indexedAddress(f, cAt, index, cBlockBytes);
      callTile(f, tile(rows, cols, aStep, bStep), [aAt, bAt, cBlock], depth, pushAccumulate);
      f.release(aAt, cBlock);
    };
    if (a.plan.full > 0)
      f.loop({ local: wholeEnd }, (index) => block(rowsPerBlock, index, a.step), { from: { local: chunk } });
    if (a.plan.rest > 0) {
      f.localGet(chunkEnd);
      f.i32Const(a.plan.full);
      f.i32GtS();
      f.if(() =>
        f.withLocal('i32', (index) => {
          f.i32Const(a.plan.full);
          f.localSet(index);
          block(a.plan.rest, index, a.lastStep);
        }),
      );
    }
  };

  const kBlock = (
    chunk: number,
    k0: number | undefined,
    depth: number,
    pushAccumulate: () => void,
  ) => {
    const cols = b.plan.width;
    f.loop(b.plan.full, (index) => {
      const bAt = address(bBase, index, b.stripStride * bytes, k0, b.step);
      const cAt = indexedAddress(f, cBase, index, cols * bytes);
      strip(chunk, bAt, cAt, cols, b.step, k0, depth, pushAccumulate);
      f.release(bAt, cAt);
    });
    if (b.plan.rest > 0)
      f.withLocal('i32', (index) => {
        f.i32Const(b.plan.full);
        f.localSet(index);
        const bAt = address(bBase, index, b.stripStride * bytes, k0, b.lastStep);
        const cAt = indexedAddress(f, cBase, index, cols * bytes);
        strip(chunk, bAt, cAt, b.plan.rest, b.lastStep, k0, depth, pushAccumulate);
        f.release(bAt, cAt);
      });
  };

  const { blocks, depth, lastDepth } = planDepth(k);
  const pushFirst = () => f.i32Const(spec.accumulate ? 1 : 0);
  f.loop(
    { local: END },
    (chunk) => {
      const setMinimum = (target: number, push: () => void, bound: () => void) => {
        push();
        bound();
        push();
        bound();
        f.i32LtS();
        f.select();
        f.localSet(target);
      };
      setMinimum(
        chunkEnd,
        () => {
          f.localGet(chunk);
          f.i32Const(CHUNK_BLOCKS);
          f.i32Add();
        },
        () => f.localGet(END),
      );
      setMinimum(
        wholeEnd,
        () => f.localGet(chunkEnd),
        () => f.i32Const(a.plan.full),
      );
      if (blocks === 1) kBlock(chunk, undefined, lastDepth, pushFirst);
      else {
        f.loop(
          (blocks - 1) * depth,
          (k0) =>
            kBlock(chunk, k0, depth, () => {
              pushFirst();
              f.localGet(k0);
              f.i32Or();
            }),
          { step: depth },
        );
        f.withLocal('i32', (k0) => {
          f.i32Const((blocks - 1) * depth);
          f.localSet(k0);
          kBlock(chunk, k0, lastDepth, () => f.i32Const(1));
        });
      }
    },
    { from: { local: START }, step: CHUNK_BLOCKS },
  );
  return f;
}

/** Cuts k in blocks of equal depth, a multiple of 4 but for the last. */
function planDepth(k: number): { blocks: number; depth: number; lastDepth: number } {
  const wanted = Math.max(1, Math.ceil(k / K_BLOCK));
  const depth = Math.max(4, 4 * Math.ceil(k / wanted / 4));
  const blocks = Math.max(1, Math.ceil(k / depth));
  return { blocks, depth, lastDepth: k - (blocks - 1) * depth };
}
