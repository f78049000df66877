import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import type { Element } from './element.ts';
import { elements } from './element.ts';
import { addKeeping, joinKept, RUN } from './exact.ts';
import { advance, indexedAddress, loadLanes, storeLanes } from './lanes.ts';
import { countParts, forParts } from './ranges.ts';
import type { ContractionSpec, EmittedContraction } from './spec.ts';
import { A_PTR, B_PTR, BATCH, C_PTR, CONTRACTION_PARAMS, contractionName, END, START } from './spec.ts';
import { callTile, emitTile } from './tile.ts';

/** Longer lines are summed in runs, and what rounding takes from the sum of runs is kept. */
const LONG_LINE = 512;

/** `out[i] = Σ_k matrix[i, k] · vector[k]`: a product with one column, or the transpose of one with one row. */
interface MatrixVector {
  readonly lines: number;
  readonly lineStride: number;
  readonly step: number;
  readonly vectorStep: number;
  readonly outStride: number;
  readonly matrixPtr: number;
  readonly vectorPtr: number;
  readonly matrixBatchStride: number;
  readonly vectorBatchStride: number;
  /** With a single row of C there is one row block, which holds every line. */
  readonly oneBlock: boolean;
}

function asMatrixVector(spec: ContractionSpec): MatrixVector | undefined {
  const { a, b, c, m, n } = spec;
  if (n === 1)
    return {
      lines: m,
      lineStride: a.rowStride,
      step: a.colStride,
      vectorStep: b.rowStride,
      outStride: m === 1 ? 1 : c.rowStride,
      matrixPtr: A_PTR,
      vectorPtr: B_PTR,
      matrixBatchStride: a.batchStride,
      vectorBatchStride: b.batchStride,
      oneBlock: m === 1,
    };
  if (m === 1)
    return {
      lines: n,
      lineStride: b.colStride,
      step: b.rowStride,
      vectorStep: a.colStride,
      outStride: 1,
      matrixPtr: B_PTR,
      vectorPtr: A_PTR,
      matrixBatchStride: b.batchStride,
      vectorBatchStride: a.batchStride,
      oneBlock: true,
    };
  return undefined;
}

/**
 * Matrix-vector products whose matrix can be read in whole vectors: dot products where the steps of k are adjacent, sums of
 * scaled columns where the lines are. Returns undefined for any other shape or layout.
 */
export function emitMatrixVector(module: ModuleBuilder, spec: ContractionSpec): EmittedContraction | undefined {
  const product = asMatrixVector(spec);
  if (!product || product.lines === 0) return undefined;
  const element = elements[spec.dtype];
  const dots = product.step === 1 && product.vectorStep === 1 && spec.k >= 2 * element.lanes;
  const columns = product.lineStride === 1 && product.outStride === 1;
  if (!dots && !columns) return undefined;

  const linesPerBlock = dots ? element.lanes : 8 * element.lanes;
  const line = (lines: number) =>
    dots
      ? emitDots(module, spec, product, lines)
      : emitTile(module, {
          dtype: spec.dtype,
          rows: 1,
          cols: lines,
          aRowStride: 0,
          aStep: product.vectorStep,
          bColStride: 1,
          bStep: product.step,
          bPadded: false,
          cRowStride: 0,
          long: spec.dtype === 'f32' && spec.k > LONG_LINE,
        });
  const parts = {
    full: Math.floor(product.lines / linesPerBlock),
    rest: product.lines % linesPerBlock,
  };
  const blocks = countParts(parts);

  const f = module.func(`${contractionName(spec)}-rows`, CONTRACTION_PARAMS);
  const { bytes } = element;
  const matrix = indexedAddress(f, product.matrixPtr, BATCH, product.matrixBatchStride * bytes);
  const vector = indexedAddress(f, product.vectorPtr, BATCH, product.vectorBatchStride * bytes);
  const out = indexedAddress(f, C_PTR, BATCH, spec.c.batchStride * bytes);
  if (product.oneBlock) {
    // Row block 0 is the whole of C: scale the range to blocks of lines.
    for (const bound of [START, END]) {
      f.localGet(bound);
      f.i32Const(blocks);
      f.i32Mul();
      f.localSet(bound);
    }
  }
  forParts(f, parts, START, END, (index, isLast) => {
    const matrixAt = indexedAddress(f, matrix, index, linesPerBlock * product.lineStride * bytes);
    const outAt = indexedAddress(f, out, index, linesPerBlock * product.outStride * bytes);
    const tile = line(isLast ? parts.rest : linesPerBlock);
    callTile(f, tile, [vector, matrixAt, outAt], spec.k, () => f.i32Const(spec.accumulate ? 1 : 0));
    f.release(matrixAt, outAt);
  });
  return {
    rows: f,
    rowBlocks: product.oneBlock ? 1 : blocks,
    rowsPerBlock: product.oneBlock ? 1 : linesPerBlock,
    packBlocks: 0,
    packPerBatch: false,
    scratchBytes: 0,
  };
}

/**
 * Emits `dots(vector, matrix, out, count, accumulate)`: dot products of `lines` lines (at most one vector of them) with a
 * vector. Each is a sum of interleaved partial sums, folded at the end, long ones after every run. `count` is not read: the
 * depth is static.
 */
function emitDots(module: ModuleBuilder, spec: ContractionSpec, product: MatrixVector, lines: number): FunctionBuilder {
  const element = elements[spec.dtype];
  const { bytes, lanes } = element;
  const { k } = spec;
  const f = module.func(`${contractionName(spec)}-dots-${lines}`, ['i32', 'i32', 'i32', 'i32', 'i32']);
  const [vector, matrix, out, , accumulate] = [0, 1, 2, 3, 4];
  const partial = 8 / lanes;
  const sums = Array.from({ length: lines }, () => f.locals('v128', partial));
  const x = f.local('v128');
  const y = f.local('v128');
  /** Adds products of `count` elements from `at` steps on to partial sum `part` of every line. */
  const step = (at: number, count: number, part: number) => {
    loadLanes(f, element, vector, at * bytes, count);
    f.localSet(x);
    sums.forEach((parts, i) => {
      const sum = parts[part] ?? 0;
      loadLanes(f, element, matrix, (i * product.lineStride + at) * bytes, count);
      f.localSet(y);
      f.localGet(x);
      f.localGet(y);
      f.localGet(sum);
      element.multiplyAdd(f);
      f.localSet(sum);
    });
  };
  const unrolled = partial * lanes;
  const turn = () => {
    for (let part = 0; part < partial; part++) step(part * lanes, lanes, part);
    advance(f, vector, unrolled * bytes);
    advance(f, matrix, unrolled * bytes);
  };
  const turns = Math.floor(k / unrolled);
  const long = spec.dtype === 'f32' && k > LONG_LINE;
  const runs = long ? sums.map(() => f.locals('v128', 2)) : [];
  if (long) {
    f.loop(Math.floor(turns / RUN), () => {
      f.loop(RUN, turn);
      sums.forEach((parts, i) => {
        const [sum, lost] = runs[i];
        foldParts(f, element, parts);
        addKeeping(f, sum, lost, parts[0], [x, y]);
        for (const part of parts) {
          f.i32x4Const(0);
          f.localSet(part);
        }
      });
    });
    f.loop(turns % RUN, turn);
  } else f.loop(turns, turn);
  const rest = k % unrolled;
  for (let at = 0; at < rest; at += lanes) step(at, Math.min(lanes, rest - at), at / lanes);

  sums.forEach((parts, i) => {
    foldParts(f, element, parts);
    if (!long) return;
    const [sum, lost] = runs[i];
    addKeeping(f, sum, lost, parts[0], [x, y]);
    joinKept(f, sum, lost);
    f.localGet(sum);
    f.localSet(parts[0]);
  });
  f.i32x4Const(0);
  f.localSet(y);
  const totals = Array.from({ length: lanes }, (_, i) => sums[i]?.[0] ?? y);
  foldLanes(f, element, totals);
  f.localSet(x);
  f.localGet(accumulate);
  f.if(() => {
    loadLanes(f, element, out, 0, lines, product.outStride);
    f.localGet(x);
    element.add(f);
    f.localSet(x);
  });
  storeLanes(f, element, x, out, 0, lines, product.outStride);
  return f;
}

/** Adds the vectors to the first of them. */
function foldParts(f: FunctionBuilder, element: Element, [first = 0, ...others]: readonly number[]): void {
  for (const other of others) {
    f.localGet(first);
    f.localGet(other);
    element.add(f);
    f.localSet(first);
  }
}

/** Pushes the vector whose lane i is the sum of the lanes of `vectors[i]`. */
function foldLanes(f: FunctionBuilder, element: Element, vectors: readonly number[]): void {
  const [p = 0, q = 0, r = 0, s = 0] = vectors;
  const shuffled = (first: number, second: number, lanes: readonly [number, number, number, number]) => {
    f.localGet(first);
    f.localGet(second);
    f.i32x4Shuffle(...lanes);
  };
  if (element.lanes === 2) {
    shuffled(p, q, [0, 1, 4, 5]);
    shuffled(p, q, [2, 3, 6, 7]);
    element.add(f);
    return;
  }
  const halves = [
    [p, q],
    [r, s],
  ].map(([first = 0, second = 0]) => {
    shuffled(first, second, [0, 4, 1, 5]);
    shuffled(first, second, [2, 6, 3, 7]);
    element.add(f);
    const half = f.local('v128');
    f.localSet(half);
    return half;
  });
  const [low = 0, high = 0] = halves;
  shuffled(low, high, [0, 1, 4, 5]);
  shuffled(low, high, [2, 3, 6, 7]);
  element.add(f);
  f.release(...halves);
}
