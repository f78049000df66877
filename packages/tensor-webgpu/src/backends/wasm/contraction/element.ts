import type { FunctionBuilder } from '../assembler/index.ts';
import type { ContractionType } from './spec.ts';

/** How vectors of one element type are computed and moved. */
export interface Element {
  readonly bytes: number;
  /** Elements of a vector. */
  readonly lanes: number;
  /** Stack `a b c` becomes `a * b + c`. */
  multiplyAdd(f: FunctionBuilder): void;
  /** Stack `a b` becomes `a + b`. */
  add(f: FunctionBuilder): void;
  /** Stack `address` becomes a vector with the element there in all lanes. */
  loadSplat(f: FunctionBuilder, offset: number): void;
}

const f32: Element = {
  bytes: 4,
  lanes: 4,
  multiplyAdd: (f) => f.f32x4RelaxedMadd(),
  add: (f) => f.f32x4Add(),
  loadSplat: (f, offset) => f.v128Load32Splat(offset),
};

const f64: Element = {
  bytes: 8,
  lanes: 2,
  multiplyAdd: (f) => f.f64x2RelaxedMadd(),
  add: (f) => f.f64x2Add(),
  loadSplat: (f, offset) => f.v128Load64Splat(offset),
};

const i32: Element = {
  bytes: 4,
  lanes: 4,
  multiplyAdd: (f) =>
    f.withLocal('v128', (addend) => {
      f.localSet(addend);
      f.i32x4Mul();
      f.localGet(addend);
      f.i32x4Add();
    }),
  add: (f) => f.i32x4Add(),
  loadSplat: (f, offset) => f.v128Load32Splat(offset),
};

/** The vector operations of each element type. */
export const elements: Readonly<Record<ContractionType, Element>> = { f32, f64, i32 };
