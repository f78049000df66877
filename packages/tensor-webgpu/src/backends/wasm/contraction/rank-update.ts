import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { elements } from './element.ts';
import { advance, indexedAddress, loadLanes, loadSplat, storeLanes } from './lanes.ts';
import { forAllParts, setSmaller } from './ranges.ts';
import type { ContractionSpec, EmittedContraction } from './spec.ts';
import { A_PTR, B_PTR, BATCH, C_PTR, CONTRACTION_PARAMS, contractionName, END, START } from './spec.ts';

/** Deepest k whose rows of B stay in registers. */
const MAX_DEPTH = 4;
const ROWS_PER_BLOCK = 8;
/** Row blocks that are written strip after strip while their cache lines are at hand. */
const CHUNK_BLOCKS = 4;

/**
 * Products of small depth k, a sum of k outer products, whose cost is writing C: the k x cols part of B stays in registers
 * while the rows of a chunk pass by. Returns undefined for other shapes.
 */
export function emitRankUpdate(module: ModuleBuilder, spec: ContractionSpec): EmittedContraction | undefined {
  const { m, n, k } = spec;
  const element = elements[spec.dtype];
  const { bytes, lanes } = element;
  if (k > MAX_DEPTH || m < ROWS_PER_BLOCK || n <= lanes) return undefined;

  const cols = (k <= 2 ? 4 : 2) * lanes;
  const strips = { full: Math.floor(n / cols), rest: n % cols };
  const f = module.func(`${contractionName(spec)}-rows`, CONTRACTION_PARAMS);
  const a = indexedAddress(f, A_PTR, BATCH, spec.a.batchStride * bytes);
  const b = indexedAddress(f, B_PTR, BATCH, spec.b.batchStride * bytes);
  const c = indexedAddress(f, C_PTR, BATCH, spec.c.batchStride * bytes);
  const [firstRow, rows] = [f.local('i32'), f.local('i32')];
  const chunkRows = CHUNK_BLOCKS * ROWS_PER_BLOCK;
  const pushRow = (block: number) => {
    f.localGet(block);
    f.i32Const(ROWS_PER_BLOCK);
    f.i32Mul();
  };
  const lastRow = f.local('i32');
  setSmaller(
    f,
    lastRow,
    () => pushRow(END),
    () => f.i32Const(m),
  );
  f.loop(
    { local: END },
    (chunk) => {
      pushRow(chunk);
      f.localSet(firstRow);
      const pushRowsLeft = () => {
        f.localGet(lastRow);
        f.localGet(firstRow);
        f.i32Sub();
      };
      setSmaller(f, rows, pushRowsLeft, () => f.i32Const(chunkRows));
      const aAt = indexedAddress(f, a, firstRow, spec.a.rowStride * bytes);
      const cRow = indexedAddress(f, c, firstRow, spec.c.rowStride * bytes);
      forAllParts(f, strips, (index, isLast) => {
        const bAt = indexedAddress(f, b, index, cols * spec.b.colStride * bytes);
        const cAt = indexedAddress(f, cRow, index, cols * bytes);
        for (const argument of [aAt, bAt, cAt, rows]) f.localGet(argument);
        f.call(emitStrip(module, spec, isLast ? strips.rest : cols));
        f.release(bAt, cAt);
      });
      f.release(aAt, cRow);
    },
    { from: { local: START }, step: CHUNK_BLOCKS },
  );
  return {
    rows: f,
    rowBlocks: Math.ceil(m / ROWS_PER_BLOCK),
    rowsPerBlock: ROWS_PER_BLOCK,
    packBlocks: 0,
    packPerBatch: false,
    scratchBytes: 0,
  };
}

/** Emits `strip(a, b, c, rows)`: `cols` columns of C for the given number of rows, at least one. */
function emitStrip(module: ModuleBuilder, spec: ContractionSpec, cols: number): FunctionBuilder {
  const { k } = spec;
  const element = elements[spec.dtype];
  const { bytes, lanes } = element;
  const f = module.func(`${contractionName(spec)}-strip-${cols}`, ['i32', 'i32', 'i32', 'i32']);
  const [a, b, c, rows] = [0, 1, 2, 3];
  const vectors = Math.ceil(cols / lanes);
  const width = (vector: number) => Math.min(lanes, cols - vector * lanes);
  const held = Array.from({ length: k }, (_, p) =>
    Array.from({ length: vectors }, (_, vector) => {
      const { rowStride, colStride } = spec.b;
      const offset = (p * rowStride + vector * lanes * colStride) * bytes;
      loadLanes(f, element, b, offset, width(vector), colStride);
      const local = f.local('v128');
      f.localSet(local);
      return local;
    }),
  );
  const factors = f.locals('v128', k);
  const sum = f.local('v128');
  f.repeat((again) => {
    factors.forEach((factor, p) => {
      loadSplat(f, element, a, p * spec.a.colStride * bytes);
      f.localSet(factor);
    });
    for (let vector = 0; vector < vectors; vector++) {
      const offset = vector * lanes * bytes;
      if (spec.accumulate) loadLanes(f, element, c, offset, width(vector));
      else f.i32x4Const(0);
      f.localSet(sum);
      factors.forEach((factor, p) => {
        f.localGet(factor);
        f.localGet(held[p]?.[vector] ?? 0);
        f.localGet(sum);
        element.multiplyAdd(f);
        f.localSet(sum);
      });
      storeLanes(f, element, sum, c, offset, width(vector));
    }
    advance(f, a, spec.a.rowStride * bytes);
    advance(f, c, spec.c.rowStride * bytes);
    f.localGet(rows);
    f.i32Const(1);
    f.i32Sub();
    f.localTee(rows);
    f.brIf(again);
  });
  return f;
}
