import type { DType } from '../../../dtype/dtype.ts';

/** How elements of a type stand in a kernel: bool is 0 or 1 in a u32. */
export const scalarOf = (dtype: DType): string => (dtype === 'bool' ? 'u32' : dtype);
export const vectorOf = (dtype: DType): string => `vec4<${scalarOf(dtype)}>`;
