import type { ModuleBuilder } from '../assembler/index.ts';
import { emitBlockedRows } from './blocked-rows.ts';
import { elements } from './element.ts';
import { keepsRounding } from './exact.ts';
import { indexedAddress } from './lanes.ts';
import type { LineStrides } from './pack.ts';
import { emitPackStrips, planStrips } from './pack.ts';
import { countParts } from './ranges.ts';
import type { ContractionSpec, EmittedContraction } from './spec.ts';
import { A_PTR, B_PTR, BATCH, CONTRACTION_PARAMS, contractionName, END, SCRATCH_PTR, START } from './spec.ts';
import { tileShape } from './tile-shape.ts';
import type { TiledOperand } from './tiled-operand.ts';
import { inPlace, inStrips } from './tiled-operand.ts';

/** Below this depth, walking down a column of A meets too few cache lines to be worth a copy. */
const SHALLOW_K = 32;
const CACHE_LINE = 64;
/**
 * Row blocks that must read a strip of B before a copy of it pays: where its rows are contiguous it is as good in place but for
 * the cache lines and pages that it is spread over.
 */
const SHARED = { rows: 24, columns: 2 } as const;

/**
 * Cache-blocked matrix product in the manner of BLIS (Van Zee and van de Geijn, "BLIS: A Framework for Rapidly Instantiating
 * BLAS Functionality", 2015): strips of B as wide as the register tile, packed so that a tile reads them in order; rows of A
 * read in place, or packed where walking along k would leave a cache line at every step.
 */
export function emitBlocked(module: ModuleBuilder, spec: ContractionSpec, pairVectors: boolean): EmittedContraction {
  const { m, n, k } = spec;
  const element = elements[spec.dtype];
  // The instruction set has no fused multiply-add of integers.
  const fused = module.relaxed && spec.dtype !== 'i32';
  const shape = tileShape(spec, { fused, pairs: pairVectors });
  const cols = shape.vectors * element.lanes;
  const bStrides: LineStrides = { line: spec.b.colStride, step: spec.b.rowStride };
  const aStrides: LineStrides = { line: spec.a.rowStride, step: spec.a.colStride };
  const bPlan = planStrips(element, n, k, cols, element.lanes);
  const aPlan = planStrips(element, m, k, shape.rows, 1);

  const packB = k > 0 && m > (bStrides.line === 1 ? SHARED.rows : SHARED.columns) * shape.rows;
  const packA = k > SHALLOW_K && Math.abs(aStrides.step) > 1 && n > 2 * cols;
  const aOffset = packB ? Math.ceil(bPlan.totalBytes / CACHE_LINE) * CACHE_LINE : 0;
  const b = packB ? inStrips(bPlan, element, 0) : inPlace(bPlan, bStrides);
  const a = packA ? inStrips(aPlan, element, aOffset) : inPlace(aPlan, aStrides);

  const packedBytes = packA ? aOffset + aPlan.totalBytes : packB ? bPlan.totalBytes : 0;
  const keeps = keepsRounding(spec);
  const lostOffset = Math.ceil(packedBytes / CACHE_LINE) * CACHE_LINE;
  // Where sums are long: what rounding took from C, and totals of a block of k, both in C's layout.
  const layoutBytes = Math.ceil((((m - 1) * spec.c.rowStride + n) * element.bytes) / CACHE_LINE) * CACHE_LINE;
  const scratchBytes = keeps ? lostOffset + 2 * layoutBytes : packedBytes;
  const long = keeps ? { lost: lostOffset, totals: lostOffset + layoutBytes } : undefined;
  const rows = emitBlockedRows(module, spec, a, b, long);
  const product = { rows, rowBlocks: countParts(aPlan), rowsPerBlock: shape.rows, scratchBytes };
  // Batch items that keep something in scratch memory are computed one after the other, as those that pack are.
  const perItem = keeps && spec.batch > 1;
  if (!packA && !packB && !perItem) return { ...product, packBlocks: 0, packPerBatch: false };

  const pack = module.func(`${contractionName(spec)}-pack`, CONTRACTION_PARAMS);
  let packBlocks = 0;
  const packOperand = (
    suffix: string,
    pointer: number,
    operand: TiledOperand,
    strides: LineStrides,
    batchStride: number,
  ) => {
    const name = `${contractionName(spec)}-pack-${suffix}`;
    const packStrips = emitPackStrips(module, name, spec.dtype, operand.plan, k, strides);
    const source = indexedAddress(pack, pointer, BATCH, batchStride * element.bytes);
    pack.localGet(source);
    pack.release(source);
    pack.localGet(SCRATCH_PTR);
    pack.i32Const(operand.scratchOffset);
    pack.i32Add();
    for (const bound of [START, END]) {
      pack.localGet(bound);
      pack.i32Const(packBlocks);
      pack.i32Sub();
    }
    pack.call(packStrips);
    packBlocks += countParts(operand.plan);
  };
  if (packB) packOperand('b', B_PTR, b, bStrides, spec.b.batchStride);
  if (packA) packOperand('a', A_PTR, a, aStrides, spec.a.batchStride);
  return {
    ...product,
    pack,
    packBlocks,
    packPerBatch: perItem || (packB && spec.b.batchStride !== 0) || (packA && spec.a.batchStride !== 0),
  };
}
