import type { DType } from '../../../dtype/dtype.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/**
 * Emits an elementwise primitive on vectors of four: operands are on the stack, the result is left there. Booleans are
 * masks (all bits or none). Operations missing here are done lane by lane.
 */
type VectorCode = (f: FunctionBuilder) => void;

const floats: Readonly<Record<string, VectorCode>> = {
  add: (f) => f.f32x4Add(),
  sub: (f) => f.f32x4Sub(),
  mul: (f) => f.f32x4Mul(),
  div: (f) => f.f32x4Div(),
  neg: (f) => f.f32x4Neg(),
  abs: (f) => f.f32x4Abs(),
  sqrt: (f) => f.f32x4Sqrt(),
  floor: (f) => f.f32x4Floor(),
  ceil: (f) => f.f32x4Ceil(),
  trunc: (f) => f.f32x4Trunc(),
  round: (f) => f.f32x4Nearest(),
  max: (f) => f.f32x4Max(),
  min: (f) => f.f32x4Min(),
  eq: (f) => f.f32x4Eq(),
  ne: (f) => f.f32x4Ne(),
  lt: (f) => f.f32x4Lt(),
  le: (f) => f.f32x4Le(),
  gt: (f) => f.f32x4Gt(),
  ge: (f) => f.f32x4Ge(),
  isNaN: (f) =>
    f.withLocal('v128', (x) => {
      f.localTee(x);
      f.localGet(x);
      f.f32x4Ne();
    }),
  isFinite: (f) => {
    f.f32x4Abs();
    f.f32x4Const(Infinity);
    f.f32x4Lt();
  },
};

const integers: Readonly<Record<string, VectorCode>> = {
  add: (f) => f.i32x4Add(),
  sub: (f) => f.i32x4Sub(),
  mul: (f) => f.i32x4Mul(),
  neg: (f) => f.i32x4Neg(),
  eq: (f) => f.i32x4Eq(),
  ne: (f) => f.i32x4Ne(),
  and: (f) => f.v128And(),
  or: (f) => f.v128Or(),
  xor: (f) => f.v128Xor(),
  not: (f) => f.v128Not(),
};

const nothing: VectorCode = () => undefined;

const signed: Readonly<Record<string, VectorCode>> = {
  ...integers,
  abs: (f) => f.i32x4Abs(),
  max: (f) => f.i32x4MaxS(),
  min: (f) => f.i32x4MinS(),
  lt: (f) => f.i32x4LtS(),
  le: (f) => f.i32x4LeS(),
  gt: (f) => f.i32x4GtS(),
  ge: (f) => f.i32x4GeS(),
  floor: nothing,
  ceil: nothing,
  trunc: nothing,
  round: nothing,
};

const unsigned: Readonly<Record<string, VectorCode>> = {
  ...integers,
  abs: nothing,
  max: (f) => f.i32x4MaxU(),
  min: (f) => f.i32x4MinU(),
  lt: (f) => f.i32x4LtU(),
  le: (f) => f.i32x4LeU(),
  gt: (f) => f.i32x4GtU(),
  ge: (f) => f.i32x4GeU(),
  floor: nothing,
  ceil: nothing,
  trunc: nothing,
  round: nothing,
};

const booleans: Readonly<Record<string, VectorCode>> = {
  and: (f) => f.v128And(),
  or: (f) => f.v128Or(),
  xor: (f) => f.v128Xor(),
  not: (f) => f.v128Not(),
  ne: (f) => f.v128Xor(),
  eq: (f) => {
    f.v128Xor();
    f.v128Not();
  },
  max: (f) => f.v128Or(),
  min: (f) => f.v128And(),
  mul: (f) => f.v128And(),
  // As a number a mask that is set is −1.
  lt: (f) => f.i32x4GtS(),
  le: (f) => f.i32x4GeS(),
  gt: (f) => f.i32x4LtS(),
  ge: (f) => f.i32x4LeS(),
};

const tables: Partial<Record<DType, Readonly<Record<string, VectorCode>>>> = {
  f32: floats,
  i32: signed,
  u32: unsigned,
  bool: booleans,
};

/** The code of a primitive on operands of `dtype`; `undefined` where there is none. */
export const vectorOperation = (name: string, dtype: DType): VectorCode | undefined => tables[dtype]?.[name];

/** Converts the vector on the stack. */
export function vectorCast(f: FunctionBuilder, from: DType, to: DType): void {
  if (from === to) return;
  if (from === 'bool') {
    if (to === 'f32') f.f32x4Const(1);
    else f.i32x4Const(1);
    f.v128And();
  } else if (to === 'bool') {
    if (from === 'f32') {
      f.f32x4Const(0);
      f.f32x4Ne();
    } else {
      f.i32x4Const(0);
      f.i32x4Ne();
    }
  } else if (from === 'f32') {
    if (to === 'i32') f.i32x4TruncSatF32x4S();
    else f.i32x4TruncSatF32x4U();
  } else if (to === 'f32') {
    if (from === 'i32') f.f32x4ConvertI32x4S();
    else f.f32x4ConvertI32x4U();
  }
}
