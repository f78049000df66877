import type { DType } from '../../../dtype/dtype.ts';

/** The type of a value of this dtype, in memory and elsewhere: booleans are 0 or 1. */
export const elementType = (dtype: DType): 'f32' | 'i32' | 'u32' =>
  dtype === 'bool' || dtype === 'f64' ? 'u32' : dtype;

export const u32 = (value: number): string => `${value >>> 0}u`;
