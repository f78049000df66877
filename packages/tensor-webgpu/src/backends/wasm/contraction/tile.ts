import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { elements } from './element.ts';
import { addKeeping, joinKept, RUN } from './exact.ts';
import { advance, loadLanes, loadSplat, storeLanes } from './lanes.ts';
import { once } from './once.ts';
import { setSmaller } from './ranges.ts';
import type { ContractionType } from './spec.ts';

/** A register tile: `rows` x `cols` of C, computed over a run of k. Strides and steps count elements. */
export interface TileSpec {
  readonly dtype: ContractionType;
  readonly rows: number;
  readonly cols: number;
  /** From one row of A to the next, and from one k to the next. */
  readonly aRowStride: number;
  readonly aStep: number;
  /** From one column of B to the next, and from one k to the next. */
  readonly bColStride: number;
  readonly bStep: number;
  /** Packed B holds whole vectors, with zeros beyond the last column. */
  readonly bPadded: boolean;
  readonly cRowStride: number;
  /** Whether the sums are so long that they are taken in runs, and what rounding takes from the sum of these is kept. */
  readonly long?: boolean;
  /** Whether sums are taken in runs, each of which is added to C when it is over: C has room for totals, registers have not. */
  readonly runs?: boolean;
  /** Whether sums, not long ones, start off 0, for operands that fall off exponentially. */
  readonly tails?: boolean;
}

const UNROLL = 4;
/**
 * Where sums of f32 start, which is taken from them at the end, when most of their first terms may be products of two small
 * numbers: a sum below 2^-126 takes most processors a hundred and fifty cycles at each step. This is large enough for hardly
 * any such term to bring a sum down there, and small enough to count for nothing in one above 2^-93; below, it is exact to
 * 2^-141 a term.
 */
const START = 2 ** -118;

/**
 * Emits `tile(a, b, c, count, accumulate)`: `C (+)= Σ_{k < count} A[:, k] · B[k, :]` for one register tile, every sum in
 * the order of k and kept in a register until its end. Adding whole runs to C, rather than every term, keeps rounding errors
 * at the length of a run plus the number of runs (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2).
 */
export function emitTile(module: ModuleBuilder, spec: TileSpec): FunctionBuilder {
  return once(module, 'tile', spec, () => writeTile(module, spec));
}

function writeTile(module: ModuleBuilder, spec: TileSpec): FunctionBuilder {
  const { dtype, rows, cols } = spec;
  const element = elements[dtype];
  const { bytes, lanes } = element;
  const { long, runs } = spec;
  const f = module.func(`${dtype}-tile-${rows}x${cols}${long ? '-long' : runs ? '-runs' : ''}`, [
    'i32',
    'i32',
    'i32',
    'i32',
    'i32',
  ]);
  const [a, b, c, count, accumulate] = [0, 1, 2, 3, 4];
  const vectors = Math.ceil(cols / lanes);
  const width = (vector: number) => Math.min(lanes, cols - vector * lanes);
  const starts = spec.tails && dtype === 'f32' && !long;
  // Fresh locals are zero.
  const sums = f.locals('v128', rows * vectors);
  const begin = () => {
    for (const sum of sums) {
      f.f32x4Const(starts ? START : 0);
      f.localSet(sum);
    }
  };
  const eachSum = (body: (sum: number, offset: number, width: number) => void) =>
    sums.forEach((sum, i) => {
      const row = Math.floor(i / vectors);
      const vector = i % vectors;
      body(sum, (row * spec.cRowStride + vector * lanes) * bytes, width(vector));
    });

  const loadA = (row: number, k: number) => loadSplat(f, element, a, (row * spec.aRowStride + k * spec.aStep) * bytes);
  const loadB = (vector: number, k: number) =>
    loadLanes(
      f,
      element,
      b,
      (vector * lanes * spec.bColStride + k * spec.bStep) * bytes,
      spec.bPadded ? lanes : width(vector),
      spec.bColStride,
    );
  const step = (k: number) => {
    // Hold the shorter side of the outer product in registers and stream the other through one.
    const holdB = vectors <= rows;
    const [held, streamed] = holdB ? [vectors, rows] : [rows, vectors];
    const heldLocals = f.locals('v128', held);
    heldLocals.forEach((local, i) => {
      holdB ? loadB(i, k) : loadA(i, k);
      f.localSet(local);
    });
    f.withLocal('v128', (local) => {
      for (let i = 0; i < streamed; i++) {
        holdB ? loadA(i, k) : loadB(i, k);
        f.localSet(local);
        for (let j = 0; j < held; j++) {
          const sum = sums[holdB ? i * vectors + j : j * vectors + i] ?? 0;
          f.localGet(local);
          f.localGet(heldLocals[j] ?? 0);
          f.localGet(sum);
          element.multiplyAdd(f);
          f.localSet(sum);
        }
      }
    });
    f.release(...heldLocals);
  };
  const turns = (unroll: number) => {
    f.localGet(count);
    f.i32Const(unroll);
    f.i32GeS();
    f.if(() =>
      f.repeat((again) => {
        for (let k = 0; k < unroll; k++) step(k);
        advance(f, a, unroll * spec.aStep * bytes);
        advance(f, b, unroll * spec.bStep * bytes);
        f.localGet(count);
        f.i32Const(unroll);
        f.i32Sub();
        f.localTee(count);
        f.i32Const(unroll);
        f.i32GeS();
        f.brIf(again);
      }),
    );
  };
  const addTo = (target: number, push: () => void) => {
    f.localGet(target);
    push();
    element.add(f);
    f.localSet(target);
  };
  const addToC = () => {
    if (starts) {
      for (const sum of sums) {
        f.localGet(sum);
        f.f32x4Const(START);
        f.f32x4Sub();
        f.localSet(sum);
      }
    }
    f.localGet(accumulate);
    f.if(() => eachSum((sum, offset, count) => addTo(sum, () => loadLanes(f, element, c, offset, count))));
    eachSum((sum, offset, count) => storeLanes(f, element, sum, c, offset, count));
  };
  const allTurns = () => {
    turns(UNROLL);
    turns(1);
  };
  const eachRun = (body: () => void) => {
    const left = f.local('i32');
    f.localGet(count);
    f.localSet(left);
    f.repeat((again) => {
      setSmaller(
        f,
        count,
        () => f.localGet(left),
        () => f.i32Const(RUN),
      );
      f.localGet(left);
      f.localGet(count);
      f.i32Sub();
      f.localSet(left);
      body();
      f.localGet(left);
      f.brIf(again);
    });
  };
  if (long) {
    const totals = f.locals('v128', sums.length);
    const lost = f.locals('v128', sums.length);
    const scratch: [number, number] = [f.local('v128'), f.local('v128')];
    eachRun(() => {
      begin();
      allTurns();
      sums.forEach((sum, i) => {
        addKeeping(f, totals[i], lost[i], sum, scratch);
      });
    });
    sums.forEach((sum, i) => {
      joinKept(f, totals[i], lost[i]);
      f.localGet(totals[i]);
      f.localSet(sum);
    });
    addToC();
  } else if (runs) {
    eachRun(() => {
      begin();
      allTurns();
      addToC();
      f.i32Const(1);
      f.localSet(accumulate);
    });
  } else {
    if (starts) begin();
    allTurns();
    addToC();
  }
  return f;
}

/** Calls a tile function on addresses held by locals. */
export function callTile(
  f: FunctionBuilder,
  tile: FunctionBuilder,
  addresses: readonly [a: number, b: number, c: number],
  count: number,
  pushAccumulate: () => void,
): void {
  for (const address of addresses) f.localGet(address);
  f.i32Const(count);
  pushAccumulate();
  f.call(tile);
}
