import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { callOnNumbers } from '../math/index.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { CpuRoutine } from './routine.ts';

type Operation = 'cumSum' | 'cumProd' | 'cumMax' | 'cumMin' | 'cumLogSumExp';

/** Columns that one unit carries along side by side: their running values stay in the first cache. */
const COLUMNS = 512;
/** About how many nanoseconds an element takes. */
const NANOSECONDS = { sums: 1.3, logarithms: 20 };

/** How the running value of a line is kept and combined. */
interface Running {
  readonly dtype: DType;
  /** Combines the running value with the next one, both on the stack. */
  combine(code: RoutineCode): void;
}

/** Sums and products of float32 run in float64, so that what a line rounds does not grow with it. */
function runningOf(operation: Operation, dtype: DType): Running {
  const wide = dtype === 'f32' || dtype === 'f64';
  switch (operation) {
    case 'cumSum':
      return { dtype: wide ? 'f64' : dtype, combine: ({ f }) => (wide ? f.f64Add() : f.i32Add()) };
    case 'cumProd':
      return { dtype: wide ? 'f64' : dtype, combine: ({ f }) => (wide ? f.f64Mul() : f.i32Mul()) };
    case 'cumLogSumExp':
      return { dtype: 'f64', combine: logAddExp };
    default:
      return { dtype, combine: (code) => extreme(code, dtype, operation === 'cumMax') };
  }
}

function extreme({ f }: RoutineCode, dtype: DType, larger: boolean): void {
  if (dtype === 'f64') {
    if (larger) f.f64Max();
    else f.f64Min();
  } else if (dtype === 'f32') {
    if (larger) f.f32Max();
    else f.f32Min();
  } else {
    const [x, y] = f.locals('i32', 2);
    f.localSet(y);
    f.localSet(x);
    for (const local of [x, y, x, y]) f.localGet(local);
    if (dtype === 'u32') (larger ? f.i32GtU : f.i32LtU).call(f);
    else (larger ? f.i32GtS : f.i32LtS).call(f);
    f.select();
    f.release(x, y);
  }
}

/** `high + log(1 + exp(low − high))`; −∞ where both are. */
function logAddExp({ f, n, module }: RoutineCode): void {
  const [x, y] = [n.variable(), n.variable()];
  f.localSet(y.index);
  f.localSet(x.index);
  const high = n.keep(n.max(x.get, y.get));
  const gap = n.sub(n.min(x.get, y.get), high);
  const call =
    (name: 'exp' | 'log1p', operand: Term): Term =>
    () =>
      callOnNumbers(module, f, name, [operand]);
  const result = n.keep(n.add(high, call('log1p', n.keep(call('exp', gap)))));
  n.select(n.eq(high, -Infinity), high, result)();
}

/** Running operations along an axis: lines of neighbours one after the other, others row by row. */
export const cumulativeRoutine = new CpuRoutine((eqn) => {
  const [{ shape, dtype }] = eqn.outputs;
  const { axis, reverse } = eqn.params as { axis: number; reverse: boolean };
  const operation = eqn.primitive.name as Operation;
  const extent = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const size = sizeOf(shape);
  const blocks = Math.ceil(inner / COLUMNS);
  const each = operation === 'cumLogSumExp' ? NANOSECONDS.logarithms : NANOSECONDS.sums;
  return {
    units: size === 0 ? 0 : outer * blocks,
    scratchBytes: inner === 1 ? 0 : 8 * COLUMNS,
    work: size * each,
    emit(module) {
      const code = new RoutineCode(module, operation, 1, 1);
      const running = runningOf(operation, dtype);
      if (inner > 1) columns(code, { dtype, running, extent, inner, blocks, reverse });
      else if (operation === 'cumSum' && dtype === 'f32') sums(code, extent, reverse);
      else line(code, { dtype, running, extent, reverse });
      return code.finish();
    },
  };
});

function load({ f }: RoutineCode, dtype: DType): void {
  if (dtype === 'f64') f.f64Load();
  else if (dtype === 'f32') f.f32Load();
  else f.i32Load();
}

function store({ f }: RoutineCode, dtype: DType): void {
  if (dtype === 'f64') f.f64Store();
  else if (dtype === 'f32') f.f32Store();
  else f.i32Store();
}

const widen = ({ f }: RoutineCode, from: DType, to: DType): void => {
  if (from === 'f32' && to === 'f64') f.f64PromoteF32();
};
const narrow = ({ f }: RoutineCode, from: DType, to: DType): void => {
  if (from === 'f64' && to === 'f32') f.f32DemoteF64();
};

const valueType = (dtype: DType) => (dtype === 'f64' ? 'f64' : dtype === 'f32' ? 'f32' : 'i32');

interface Line {
  readonly dtype: DType;
  readonly running: Running;
  readonly extent: number;
  readonly reverse: boolean;
}

/** Lines of neighbours: the running value stays in a local. */
function line(code: RoutineCode, { dtype, running, extent, reverse }: Line): void {
  const { f, i } = code;
  const bytes = bytesPerElement(dtype);
  const [source] = code.operands;
  const [target] = code.results;
  const value = f.local(valueType(running.dtype));
  code.each(code.from, code.to, (unit) => {
    // Where the line begins, in bytes; the running value goes up or down from its end.
    const start = i.keep(i.add(i.mul(unit, extent * bytes), reverse ? (extent - 1) * bytes : 0));
    const step = (k: Term, first: boolean): void => {
      const offset = i.keep(reverse ? i.sub(start, i.mul(k, bytes)) : i.add(start, i.mul(k, bytes)));
      if (!first) f.localGet(value);
      i.add(source, offset)();
      load(code, dtype);
      widen(code, dtype, running.dtype);
      if (!first) running.combine(code);
      f.localSet(value);
      i.add(target, offset)();
      f.localGet(value);
      narrow(code, running.dtype, dtype);
      store(code, dtype);
    };
    step(() => f.i32Const(0), true);
    code.each(1, extent, (k) => step(k, false));
  });
  f.release(value);
}

/**
 * Sums of float32 along neighbours, four at a time in float64: the sum so far is added to sums within the four, so that one
 * addition of four waits for another.
 */
function sums(code: RoutineCode, extent: number, reverse: boolean): void {
  const { f, i } = code;
  const [source] = code.operands;
  const [target] = code.results;
  const whole = extent - (extent % 4);
  const [x, low, high, carry] = f.locals('v128', 4);
  const turn = (): void => {
    if (!reverse) return;
    f.localSet(x);
    f.localGet(x);
    f.localGet(x);
    f.i32x4Shuffle(3, 2, 1, 0);
  };
  /** Adds to a pair of doubles, in a local, its first one one place further. */
  const within = (pair: number): void => {
    f.localGet(pair);
    f.f64x2Const(-0);
    f.localGet(pair);
    f.i64x2Shuffle(0, 2);
    f.f64x2Add();
    f.localSet(pair);
  };
  const spreadLast = (pair: number): void => {
    f.localGet(pair);
    f.localGet(pair);
    f.i64x2Shuffle(1, 1);
  };
  code.each(code.from, code.to, (unit) => {
    const start = i.keep(i.mul(unit, extent * 4));
    f.f64x2Const(-0);
    f.localSet(carry);
    code.each(
      0,
      whole * 4,
      (at) => {
        const offset = i.keep(reverse ? i.sub(i.add(start, extent * 4 - 16), at) : i.add(start, at));
        i.add(source, offset)();
        f.v128Load(0, 4);
        turn();
        f.localTee(x);
        f.f64x2PromoteLowF32x4();
        f.localSet(low);
        f.localGet(x);
        f.localGet(x);
        f.i32x4Shuffle(2, 3, 2, 3);
        f.f64x2PromoteLowF32x4();
        f.localSet(high);
        within(low);
        within(high);
        spreadLast(low);
        f.localGet(high);
        f.f64x2Add();
        f.localSet(high);
        for (const pair of [low, high]) {
          f.localGet(pair);
          f.localGet(carry);
          f.f64x2Add();
          f.localSet(pair);
        }
        spreadLast(high);
        f.localSet(carry);
        i.add(target, offset)();
        for (const pair of [low, high]) {
          f.localGet(pair);
          f.f32x4DemoteF64x2Zero();
        }
        f.i32x4Shuffle(0, 1, 4, 5);
        turn();
        f.v128Store(0, 4);
      },
      16,
    );
    for (let k = whole; k < extent; k++) {
      const offset = i.keep(i.add(start, 4 * (reverse ? extent - 1 - k : k)));
      i.add(source, offset)();
      f.v128Load32Zero();
      f.f64x2PromoteLowF32x4();
      f.localGet(carry);
      f.f64x2Add();
      f.localSet(carry);
      i.add(target, offset)();
      f.localGet(carry);
      f.f64x2ExtractLane(0);
      f.f32DemoteF64();
      f.f32Store();
    }
  });
  f.release(x, low, high, carry);
}

/** Lines that are not of neighbours: whole rows are combined with the running values of their columns. */
function columns(code: RoutineCode, spec: Line & { readonly inner: number; readonly blocks: number }): void {
  const { dtype, running, extent, inner, blocks, reverse } = spec;
  const { f, i } = code;
  const bytes = bytesPerElement(dtype);
  const kept = bytesPerElement(running.dtype);
  const [source] = code.operands;
  const [target] = code.results;
  code.each(code.from, code.to, (unit) => {
    const [outer, block] = [i.keep(i.div(unit, blocks)), i.variable()];
    block.set(i.sub(unit, i.mul(outer, blocks)));
    const firstColumn = i.keep(i.mul(block.get, COLUMNS));
    const count = i.keep(i.least(i.sub(inner, firstColumn), COLUMNS));
    const start = i.keep(i.mul(i.add(i.mul(outer, extent * inner), firstColumn), bytes));
    const row = (k: Term, first: boolean): void => {
      const along = reverse ? i.sub(extent - 1, k) : k;
      const offset = i.keep(i.add(start, i.mul(along, inner * bytes)));
      const from = i.keep(i.add(source, offset));
      const to = i.keep(i.add(target, offset));
      code.each(0, count, (column) => {
        const at = i.keep(i.add(code.scratch, i.mul(column, kept)));
        const value = f.local(valueType(running.dtype));
        if (!first) {
          at();
          load(code, running.dtype);
        }
        i.add(from, i.mul(column, bytes))();
        load(code, dtype);
        widen(code, dtype, running.dtype);
        if (!first) running.combine(code);
        f.localSet(value);
        at();
        f.localGet(value);
        store(code, running.dtype);
        i.add(to, i.mul(column, bytes))();
        f.localGet(value);
        narrow(code, running.dtype, dtype);
        store(code, dtype);
        f.release(value);
      });
    };
    row(() => f.i32Const(0), true);
    code.each(1, extent, (k) => row(k, false));
  });
}
