import { bytesPerElement } from '../../../dtype/dtype.ts';
import { madeBy, readBy, valuesOf } from '../../../kernels/access.ts';
import { loadsOf } from '../../../kernels/expression.ts';
import type { ContractionStage, RowPart, Stage } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { collapseNest, placesOf } from './nest.ts';
import { inMemory, type Product } from './products.ts';

/** Bytes that a block of rows should touch at most, so that what one stage writes is in the cache for the next. */
const BLOCK_BYTES = 384 * 1024;
/** Work below this many bytes is not cut. */
const SMALLEST_BLOCK = 32 * 1024;
/** Parts with much work are cut in at least this many blocks, to be shared by threads. */
const WANTED_BLOCKS = 16;

/** Elements of a vector, and the most results side by side that a reduction computes together. */
const VECTOR = 4;
const MOST_ACROSS = 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Whether each row is a piece of a long sum, as large as a piece should be. */
const isPieces = (stage: Stage): boolean =>
  (stage.kind === 'reduce' || (stage.kind === 'contraction' && stage.batch > 1)) && stage.at !== undefined;

const withinBoth = (a: number, b: number): number => (a * b) / gcd(a, b);

/** Rows that the loops of a stage over elements need together, so that no vector lies in two blocks. */
function rowsOfVectors(stage: Exclude<Stage, ContractionStage>, rows: number): number {
  if (stage.kind === 'update') return VECTOR;
  if (stage.kind === 'reduce') {
    const results = sizeOf(stage.space.slice(0, stage.kept)) / rows;
    return MOST_ACROSS / gcd(MOST_ACROSS, results);
  }
  const values = valuesOf(stage);
  const { extents, rowFactor, collapse } = collapseNest(
    stage.space,
    [...placesOf(values), ...stage.stores.map((store) => store.place)],
    stage.space.length,
  );
  if (extents.length === 1) return VECTOR / gcd(VECTOR, rowFactor);
  // Vectors that run along the first axis may be turned over.
  const along = loadsOf(values).some((load) => collapse(load.place).strides[0] === 1);
  return along ? VECTOR / gcd(VECTOR, rowFactor) : 1;
}

/** Rows that all stages of a part can be cut at. */
function leastRows({ rows, stages }: RowPart, products: ReadonlyMap<ContractionStage, Product>): number {
  return stages.reduce((least, stage) => {
    if (stage.kind !== 'contraction') return withinBoth(least, rowsOfVectors(stage, rows));
    return stage.batch > 1 ? least : withinBoth(least, rowsOfTile(stage, rows, products));
  }, 1);
}

function rowsOfTile(stage: ContractionStage, rows: number, products: ReadonlyMap<ContractionStage, Product>): number {
  const tile = products.get(stage)!.emitted.rowsPerBlock;
  return tile / gcd(tile, stage.m / rows);
}

/**
 * Rows of a block of the part: few enough for the cache, and a multiple of what its products and vectors need; the least
 * such multiple if `finest`.
 */
export function rowsPerBlock(part: RowPart, products: ReadonlyMap<ContractionStage, Product>, finest: boolean): number {
  const { rows } = part;
  if (rows <= 1 || part.stages.some(isPieces)) return 1;
  const least = leastRows(part, products);
  if (finest) return Math.min(rows, least);
  let step = VECTOR;
  for (const stage of part.stages) {
    if (stage.kind === 'contraction' && stage.batch === 1) step = withinBoth(step, rowsOfTile(stage, rows, products));
    else if (stage.kind === 'reduce' && rows >= MOST_ACROSS) step = withinBoth(step, MOST_ACROSS);
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
  if (wanted < step) step = least;
  return Math.min(rows, Math.max(step, Math.floor(wanted / step) * step));
}
