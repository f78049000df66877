import type { DType } from '../../../dtype/dtype.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import { floatInstructions } from './float-instructions.ts';

/**
 * Emits an elementwise primitive on vectors of four, or of two with float64: operands are on the stack, the result is left
 * there. Booleans are masks (all bits or none) of 32 bits, of two in the first half. Operations missing here are done lane by
 * lane.
 */
type VectorCode = (f: FunctionBuilder) => void;

const floats: Readonly<Record<string, VectorCode>> = {
  ...floatInstructions('f32x4'),
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

/** Two masks of 64 bits as masks of 32. */
const narrowed =
  (compare: VectorCode): VectorCode =>
  (f) => {
    compare(f);
    f.withLocal('v128', (mask) => {
      f.localTee(mask);
      f.localGet(mask);
      f.i32x4Shuffle(0, 2, 0, 2);
    });
  };

const plainDoubles = floatInstructions('f64x2');

const doubles: Readonly<Record<string, VectorCode>> = {
  ...plainDoubles,
  ...Object.fromEntries(['eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((name) => [name, narrowed(plainDoubles[name])])),
  isNaN: narrowed((f) =>
    f.withLocal('v128', (x) => {
      f.localTee(x);
      f.localGet(x);
      f.f64x2Ne();
    }),
  ),
  isFinite: narrowed((f) => {
    f.f64x2Abs();
    f.f64x2Const(Infinity);
    f.f64x2Lt();
  }),
};

const nothing: VectorCode = () => undefined;

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
  floor: nothing,
  ceil: nothing,
  trunc: nothing,
  round: nothing,
};

const signed: Readonly<Record<string, VectorCode>> = {
  ...integers,
  abs: (f) => f.i32x4Abs(),
  max: (f) => f.i32x4MaxS(),
  min: (f) => f.i32x4MinS(),
  lt: (f) => f.i32x4LtS(),
  le: (f) => f.i32x4LeS(),
  gt: (f) => f.i32x4GtS(),
  ge: (f) => f.i32x4GeS(),
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

const tables: Record<DType, Readonly<Record<string, VectorCode>>> = {
  f64: doubles,
  f32: floats,
  i32: signed,
  u32: unsigned,
  bool: booleans,
};

/** The code of a primitive on operands of `dtype`; `undefined` where there is none. */
export const vectorOperation = (name: string, dtype: DType): VectorCode | undefined => tables[dtype][name];

/** Leaves one of two vectors of `dtype` by the mask on the stack above them. */
export function vectorSelect(f: FunctionBuilder, dtype: DType): void {
  if (dtype === 'f64') f.i64x2ExtendLowI32x4S();
  f.v128Bitselect();
}

/** Converts the vector on the stack. */
export function vectorCast(f: FunctionBuilder, from: DType, to: DType): void {
  if (from === to) return;
  if (from === 'f64') {
    if (to === 'f32') f.f32x4DemoteF64x2Zero();
    else if (to === 'i32') f.i32x4TruncSatF64x2SZero();
    else if (to === 'u32') f.i32x4TruncSatF64x2UZero();
    else {
      f.f64x2Const(0);
      doubles['ne'](f);
    }
    return;
  }
  if (to === 'f64') {
    if (from === 'f32') f.f64x2PromoteLowF32x4();
    else if (from === 'u32') f.f64x2ConvertLowI32x4U();
    else {
      if (from === 'bool') {
        f.i32x4Const(1);
        f.v128And();
      }
      f.f64x2ConvertLowI32x4S();
    }
    return;
  }
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
