import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { elements } from './element.ts';
import { isShortPiece } from './exact.ts';
import { emitKeep } from './keep.ts';
import { indexedAddress } from './lanes.ts';
import { forAllParts, forParts, setSmaller } from './ranges.ts';
import type { ContractionSpec } from './spec.ts';
import { A_PTR, B_PTR, BATCH, C_PTR, CONTRACTION_PARAMS, contractionName, END, SCRATCH_PTR, START } from './spec.ts';
import { callTile, emitTile } from './tile.ts';
import type { TiledOperand } from './tiled-operand.ts';

/** Steps of k between stores of C: a strip of B of this depth and a block of A's rows fit the first-level cache together. */
const K_BLOCK = 256;
/** Row blocks that share a strip of B while it is in the first-level cache. */
const CHUNK_BLOCKS = 16;

/** Cuts k in blocks of equal depth, a multiple of 4 but for the last. */
function planDepth(k: number, most: number): { blocks: number; depth: number; lastDepth: number } {
  const wanted = Math.max(1, Math.ceil(k / most));
  const depth = Math.max(4, 4 * Math.ceil(k / wanted / 4));
  const blocks = Math.max(1, Math.ceil(k / depth));
  return { blocks, depth, lastDepth: k - (blocks - 1) * depth };
}

/** A block of k: where it begins (a local; absent at 0), how deep it is, and whether tiles add to what C holds. */
interface DepthBlock {
  readonly k0: number | undefined;
  readonly depth: number;
  readonly pushAccumulate: () => void;
  readonly last: boolean;
}

/**
 * Emits the `rows` function of a blocked product: chunks of row blocks, then blocks of k, then strips of B, then the row
 * blocks of the chunk. With `long`, a tile's sum over a block of k is taken in runs whose totals lie in scratch memory, and what
 * rounding takes from C between blocks is kept there, too, both in C's layout from these offsets on.
 */
export function emitBlockedRows(
  module: ModuleBuilder,
  spec: ContractionSpec,
  a: TiledOperand,
  b: TiledOperand,
  long?: { readonly lost: number; readonly totals: number },
): FunctionBuilder {
  const element = elements[spec.dtype];
  const { bytes } = element;
  const inRuns = long !== undefined || isShortPiece(spec);
  const tile = (lastRows: boolean, lastCols: boolean) =>
    emitTile(module, {
      dtype: spec.dtype,
      rows: lastRows ? a.plan.rest : a.plan.width,
      cols: lastCols ? b.plan.rest : b.plan.width,
      aRowStride: a.lineStride,
      aStep: lastRows ? a.lastStep : a.step,
      bColStride: b.lineStride,
      bStep: lastCols ? b.lastStep : b.step,
      bPadded: b.packed,
      cRowStride: spec.c.rowStride,
      ...(inRuns && { runs: true }),
      ...(spec.tails && { tails: true }),
    });

  const f = module.func(`${contractionName(spec)}-rows`, CONTRACTION_PARAMS);
  const operandBase = (pointer: number, operand: TiledOperand, batchStride: number) => {
    if (!operand.packed) return indexedAddress(f, pointer, BATCH, batchStride * bytes);
    const base = f.local('i32');
    f.localGet(SCRATCH_PTR);
    f.i32Const(operand.scratchOffset);
    f.i32Add();
    f.localSet(base);
    return base;
  };
  const aBase = operandBase(A_PTR, a, spec.a.batchStride);
  const bBase = operandBase(B_PTR, b, spec.b.batchStride);
  const cBase = indexedAddress(f, C_PTR, BATCH, spec.c.batchStride * bytes);
  /** From an element of C to the one in its place in another array of scratch memory. */
  const distance = (offset: number): number => {
    const local = f.local('i32');
    f.localGet(SCRATCH_PTR);
    f.i32Const(offset);
    f.i32Add();
    f.localGet(cBase);
    f.i32Sub();
    f.localSet(local);
    return local;
  };
  const [toLost, toTotals] = long ? [distance(long.lost), distance(long.totals)] : [0, 0];
  const moved = (address: number, by: number): number => {
    const local = f.local('i32');
    f.localGet(address);
    f.localGet(by);
    f.i32Add();
    f.localSet(local);
    return local;
  };

  /** Address of step k0 of strip `index`, in a new local. */
  const stripAddress = (
    operand: TiledOperand,
    base: number,
    index: number,
    isLast: boolean,
    k0: number | undefined,
  ) => {
    const strip = indexedAddress(f, base, index, operand.stripStride * bytes);
    if (k0 === undefined) return strip;
    const step = isLast ? operand.lastStep : operand.step;
    const address = indexedAddress(f, strip, k0, step * bytes);
    f.release(strip);
    return address;
  };

  const depthBlock = (chunk: number, chunkEnd: number, { k0, depth, pushAccumulate, last }: DepthBlock) =>
    forAllParts(f, b.plan, (strip, lastCols) => {
      const bAt = stripAddress(b, bBase, strip, lastCols, k0);
      const cStrip = indexedAddress(f, cBase, strip, b.plan.width * bytes);
      forParts(f, a.plan, chunk, chunkEnd, (block, lastRows) => {
        const aAt = stripAddress(a, aBase, block, lastRows, k0);
        const cAt = indexedAddress(f, cStrip, block, a.plan.width * spec.c.rowStride * bytes);
        if (long) {
          const total = moved(cAt, toTotals);
          callTile(f, tile(lastRows, lastCols), [aAt, bAt, total], depth, () => f.i32Const(0));
          const lost = moved(cAt, toLost);
          const [rows, cols] = [lastRows ? a.plan.rest : a.plan.width, lastCols ? b.plan.rest : b.plan.width];
          for (const address of [cAt, total, lost]) f.localGet(address);
          pushAccumulate();
          f.call(emitKeep(module, { rows, cols, cRowStride: spec.c.rowStride, last }));
          f.release(total, lost);
        } else callTile(f, tile(lastRows, lastCols), [aAt, bAt, cAt], depth, pushAccumulate);
        f.release(aAt, cAt);
      });
      f.release(bAt, cStrip);
    });

  const { blocks, depth, lastDepth } = planDepth(spec.k, K_BLOCK);
  const pushFirst = () => f.i32Const(spec.accumulate ? 1 : 0);
  const allDepths = (chunk: number, chunkEnd: number) => {
    if (blocks === 1) {
      depthBlock(chunk, chunkEnd, { k0: undefined, depth: lastDepth, pushAccumulate: pushFirst, last: true });
      return;
    }
    const lastStart = (blocks - 1) * depth;
    f.loop(
      lastStart,
      (k0) => {
        const pushAccumulate = () => {
          pushFirst();
          if (long) {
            // 2 from the second block on, where something is kept.
            f.localGet(k0);
            f.i32Const(0);
            f.i32Ne();
            f.i32Const(1);
            f.i32Shl();
          } else f.localGet(k0);
          f.i32Or();
        };
        depthBlock(chunk, chunkEnd, { k0, depth, pushAccumulate, last: false });
      },
      { step: depth },
    );
    f.withLocal('i32', (k0) => {
      f.i32Const(lastStart);
      f.localSet(k0);
      depthBlock(chunk, chunkEnd, {
        k0,
        depth: lastDepth,
        pushAccumulate: () => f.i32Const(long ? 2 : 1),
        last: true,
      });
    });
  };

  const chunkEnd = f.local('i32');
  f.loop(
    { local: END },
    (chunk) => {
      const pushNext = () => {
        f.localGet(chunk);
        f.i32Const(CHUNK_BLOCKS);
        f.i32Add();
      };
      setSmaller(f, chunkEnd, pushNext, () => f.localGet(END));
      allDepths(chunk, chunkEnd);
    },
    { from: { local: START }, step: CHUNK_BLOCKS },
  );
  return f;
}
