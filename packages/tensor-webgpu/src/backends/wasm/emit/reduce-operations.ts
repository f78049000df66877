import { type DType, isFloat } from '../../../dtype/dtype.ts';
import type { ReduceOperation } from '../../../program/placing.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/** A run of terms longer than this is taken in blocks, so that the rounding error grows with its square root at most. */
const PLAIN_RUN = 128;

/** The scalar code that combines two terms. */
export const combines: Partial<Record<ReduceOperation, string>> = {
  reduceSum: 'add',
  reduceProd: 'mul',
  reduceMax: 'max',
  reduceMin: 'min',
};

/** What an empty reduction gives. */
export function identityOf(operation: ReduceOperation, dtype: DType): number {
  if (operation === 'reduceSum') return 0;
  if (operation === 'reduceProd') return 1;
  const largest = operation === 'reduceMin';
  if (isFloat(dtype)) return largest ? Infinity : -Infinity;
  if (dtype === 'bool') return largest ? 1 : 0;
  if (dtype === 'u32') return largest ? 0xffffffff : 0;
  return largest ? 0x7fffffff : -0x80000000;
}

/** Pushes what an empty reduction gives, as a number or in all lanes of a vector. */
export function pushIdentity(f: FunctionBuilder, operation: ReduceOperation, dtype: DType, vector: boolean): void {
  const value = identityOf(operation, dtype);
  if (!vector) {
    if (dtype === 'f64') f.f64Const(value);
    else if (dtype === 'f32') f.f32Const(value);
    else f.i32Const(value | 0);
  } else if (dtype === 'f32') f.f32x4Const(value);
  else f.i32x4Const(dtype === 'bool' ? -value : value | 0);
}

/** Terms summed one after the other before the partial sum is put aside. */
export const blockLength = (terms: number): number =>
  terms <= PLAIN_RUN ? terms : Math.max(32, Math.round(Math.sqrt(terms)));
