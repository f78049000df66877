import type { DType } from '../../../dtype/dtype.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';

/** Whether a function on vectors of four f32 exists for the primitive. */
export const hasVectorMath = (_name: string, _dtype: DType): boolean => false;

/** Emits the function on operands in locals; leaves the result on the stack. */
export function emitVectorMath(_module: ModuleBuilder, _f: FunctionBuilder, _name: string, _args: readonly number[]): void {}
