import type { DType } from '../../../dtype/dtype.ts';
import type { FunctionBuilder, ValueType } from '../assembler/index.ts';
import { floatInstructions } from './float-instructions.ts';

type ScalarCode = (f: FunctionBuilder) => void;

export const scalarType = (dtype: DType): ValueType => (dtype === 'f64' ? 'f64' : dtype === 'f32' ? 'f32' : 'i32');

const f32 = floatInstructions('f32');

const f64: Readonly<Record<string, ScalarCode>> = {
  ...floatInstructions('f64'),
  isNaN: (f) =>
    f.withLocal('f64', (x) => {
      f.localTee(x);
      f.localGet(x);
      f.f64Ne();
    }),
  isFinite: (f) => {
    f.f64Abs();
    f.f64Const(Infinity);
    f.f64Lt();
  },
};

/** The first operand where `better` holds of the two, else the second. */
const choose =
  (better: ScalarCode): ScalarCode =>
  (f) => {
    const [a, b] = f.locals('i32', 2);
    f.localSet(b);
    f.localSet(a);
    f.localGet(a);
    f.localGet(b);
    f.localGet(a);
    f.localGet(b);
    better(f);
    f.select();
    f.release(a, b);
  };

const i32: Readonly<Record<string, ScalarCode>> = {
  max: choose((f) => f.i32GtS()),
  min: choose((f) => f.i32LtS()),
  add: (f) => f.i32Add(),
  sub: (f) => f.i32Sub(),
  mul: (f) => f.i32Mul(),
  eq: (f) => f.i32Eq(),
  ne: (f) => f.i32Ne(),
  and: (f) => f.i32And(),
  or: (f) => f.i32Or(),
  xor: (f) => f.i32Xor(),
  // The distance counts modulo 32, as JavaScript's does.
  shiftLeft: (f) => f.i32Shl(),
  shiftRight: (f) => f.i32ShrS(),
  lt: (f) => f.i32LtS(),
  le: (f) => f.i32LeS(),
  gt: (f) => f.i32GtS(),
  ge: (f) => f.i32GeS(),
};

const u32: Readonly<Record<string, ScalarCode>> = {
  ...i32,
  shiftRight: (f) => f.i32ShrU(),
  max: choose((f) => f.i32GtU()),
  min: choose((f) => f.i32LtU()),
  lt: (f) => f.i32LtU(),
  le: (f) => f.i32LeU(),
  gt: (f) => f.i32GtU(),
  ge: (f) => f.i32GeU(),
};

const bool: Readonly<Record<string, ScalarCode>> = {
  and: (f) => f.i32And(),
  or: (f) => f.i32Or(),
  xor: (f) => f.i32Xor(),
  ne: (f) => f.i32Xor(),
  eq: (f) => f.i32Eq(),
  not: (f) => f.i32Eqz(),
  lt: (f) => f.i32LtU(),
  le: (f) => f.i32LeU(),
  gt: (f) => f.i32GtU(),
  ge: (f) => f.i32GeU(),
  max: (f) => f.i32Or(),
  min: (f) => f.i32And(),
  mul: (f) => f.i32And(),
};

const tables: Record<DType, Readonly<Record<string, ScalarCode>>> = { f64, f32, i32, u32, bool };

/** The code of a primitive on one element of `dtype`; `undefined` where there is none. */
export const scalarOperation = (name: string, dtype: DType): ScalarCode | undefined => tables[dtype][name];

/** Converts the number on the stack to f64. */
export function toF64(f: FunctionBuilder, from: DType): void {
  if (from === 'f32') f.f64PromoteF32();
  else if (from === 'u32') f.f64ConvertI32U();
  else if (from !== 'f64') f.f64ConvertI32S();
}

/** Converts the f64 on the stack, which is a value of `to`. */
export function fromF64(f: FunctionBuilder, to: DType): void {
  if (to === 'f32') f.f32DemoteF64();
  else if (to === 'u32') f.i32TruncSatF64U();
  else if (to !== 'f64') f.i32TruncSatF64S();
}

/** Converts the number on the stack. */
export function scalarCast(f: FunctionBuilder, from: DType, to: DType): void {
  if (from === to) return;
  if (to === 'bool') {
    if (from === 'f64') {
      f.f64Const(0);
      f.f64Ne();
    } else if (from === 'f32') {
      f.f32Const(0);
      f.f32Ne();
    } else {
      f.i32Const(0);
      f.i32Ne();
    }
  } else if (to === 'f64') toF64(f, from);
  else if (to === 'f32') {
    if (from === 'f64') f.f32DemoteF64();
    else if (from === 'u32') f.f32ConvertI32U();
    else f.f32ConvertI32S();
  } else if (from === 'f64') {
    if (to === 'u32') f.i32TruncSatF64U();
    else f.i32TruncSatF64S();
  } else if (from === 'f32') {
    if (to === 'u32') f.i32TruncSatF32U();
    else f.i32TruncSatF32S();
  }
}

/** Reads the bits of the number on the stack as another 32-bit type. */
export function scalarBitcast(f: FunctionBuilder, from: DType, to: DType): void {
  if (from === 'f32' && to !== 'f32') f.i32ReinterpretF32();
  else if (from !== 'f32' && to === 'f32') f.f32ReinterpretI32();
}

/** Moves the i32 on the stack into [0, limit]. */
export function clamp(f: FunctionBuilder, limit: number): void {
  f.i32Const(0);
  i32.max(f);
  f.i32Const(limit);
  i32.min(f);
}
