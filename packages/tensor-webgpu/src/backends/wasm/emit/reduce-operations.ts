import { type DType, isFloat } from '../../../dtype/dtype.ts';
import type { ReduceOperation } from '../../../program/placing.ts';

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
