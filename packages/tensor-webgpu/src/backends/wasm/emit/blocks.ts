import { bytesPerElement } from '../../../dtype/dtype.ts';
import { madeBy, readBy } from '../../../kernels/access.ts';
import type { ContractionStage, RowPart } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { inMemory, type Product } from './products.ts';

/** Bytes that a block of rows should touch at most, so that what one stage writes is in the cache for the next. */
const BLOCK_BYTES = 384 * 1024;
/** Work below this many bytes is not cut. */
const SMALLEST_BLOCK = 32 * 1024;
/** Parts with much work are cut in at least this many blocks, to be shared by threads. */
const WANTED_BLOCKS = 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Rows of a block of the part: few enough for the cache, and a multiple of what its products and vectors need. */
export function rowsPerBlock(part: RowPart, products: ReadonlyMap<ContractionStage, Product>): number {
  const { rows } = part;
  if (rows <= 1) return 1;
  let step = 4;
  for (const stage of part.stages) {
    if (stage.kind === 'contraction' && stage.batch === 1) {
      const tile = products.get(stage)!.emitted.rowsPerBlock;
      const needed = tile / gcd(tile, stage.m / rows);
      step = (step * needed) / gcd(step, needed);
    } else if (stage.kind === 'reduce') step = step < 16 && rows >= 16 ? (step * 16) / gcd(step, 16) : step;
  }
  const touched = new Set<Var>();
  let work = 0;
  for (const stage of part.stages) {
    if (stage.kind === 'contraction') {
      touched.add(stage.variable).add(inMemory(stage.lhs).variable);
      work += (stage.batch * stage.m * stage.n * stage.k) / 8;
    } else {
      for (const variable of readBy(stage)) touched.add(variable);
      for (const variable of madeBy(stage)) touched.add(variable);
      work += sizeOf(stage.space) * 4;
    }
  }
  let bytes = 0;
  for (const variable of touched) bytes += sizeOf(variable.shape) * bytesPerElement(variable.dtype);
  const alone = part.stages.length === 1;
  const byCache = alone ? rows : Math.floor((BLOCK_BYTES * rows) / Math.max(1, bytes));
  const byThreads = Math.ceil(
    rows / Math.max(1, Math.min(WANTED_BLOCKS, Math.floor(Math.max(work, bytes) / SMALLEST_BLOCK))),
  );
  const wanted = Math.max(1, Math.min(byCache, byThreads, rows));
  return Math.min(rows, Math.max(step, Math.floor(wanted / step) * step));
}
