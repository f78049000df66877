import { type DType, isFloat } from '../../../dtype/dtype.ts';
import type { ReduceOperation } from '../../../program/placing.ts';
import type { WgslFunction } from '../math/index.ts';
import type { Kernel } from './kernel.ts';
import { numberText, scalarCall } from './scalar.ts';
import { elementType } from './wgsl-types.ts';

/** How partial results of a reduction are held and put together. */
export interface Combination {
  /** What a partial result is made of; in shared and in device memory each takes 32 bits. */
  readonly parts: readonly { readonly dtype: DType; readonly start: string }[];
  /** Expressions of the partial result of one element at a position along the reduced axes. */
  readonly single: (value: string, position: string) => readonly string[];
  /** A statement that combines a partial result, in expressions, into another, in variables. */
  readonly join: (into: readonly string[], from: readonly string[]) => string;
  /** The result. */
  readonly finish: (parts: readonly string[]) => string;
}

const CODES: Partial<Record<ReduceOperation, string>> = {
  reduceSum: 'add',
  reduceProd: 'mul',
  reduceMax: 'max',
  reduceMin: 'min',
};

/** What an empty reduction gives. */
function identityOf(operation: ReduceOperation, dtype: DType): number {
  if (operation === 'reduceSum') return 0;
  if (operation === 'reduceProd') return 1;
  const largest = operation === 'reduceMin';
  if (isFloat(dtype)) return largest ? Infinity : -Infinity;
  if (dtype === 'bool') return largest ? 1 : 0;
  if (dtype === 'u32') return largest ? 0xffffffff : 0;
  return largest ? 0x7fffffff : -0x80000000;
}

/** The position of the first largest or smallest element, where the first NaN wins. Position 2^32 - 1 is none. */
function positions(kernel: Kernel, operation: 'argMax' | 'argMin', dtype: DType): Combination {
  const held = elementType(dtype);
  const name = `${operation}_${held}`;
  const compare = (code: string, args: readonly string[]): string =>
    `(${scalarCall(kernel, { code, from: [held, held], to: 'bool' }, args)}) != 0u`;
  const isNaN = (x: string): string =>
    held === 'f32' ? `((bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u)` : 'false';
  const comes: WgslFunction = {
    name,
    needs: [],
    source: `fn ${name}(a: ${held}, at: u32, b: ${held}, bt: u32) -> bool {
if (bt == 0xffffffffu) { return false; }
if (at == 0xffffffffu) { return true; }
let a_nan = ${isNaN('a')};
let b_nan = ${isNaN('b')};
if (a_nan || b_nan) { return b_nan && (!a_nan || bt < at); }
return ${compare(operation === 'argMax' ? 'gt' : 'lt', ['b', 'a'])} || (${compare('eq', ['a', 'b'])} && bt < at);
}`,
  };
  kernel.need([comes]);
  return {
    parts: [
      { dtype: held, start: numberText(kernel, 0, held) },
      { dtype: 'u32', start: '0xffffffffu' },
    ],
    single: (value, position) => [value, position],
    join: ([a, at], [b, bt]) => `if (${name}(${a}, ${at}, ${b}, ${bt})) { ${a} = ${b}; ${at} = ${bt}; }`,
    finish: ([, at]) => `bitcast<i32>(${at})`,
  };
}

export function combinationOf(kernel: Kernel, operation: ReduceOperation, dtype: DType): Combination {
  if (operation === 'argMax' || operation === 'argMin') return positions(kernel, operation, dtype);
  const code = CODES[operation] as string;
  return {
    parts: [{ dtype, start: numberText(kernel, identityOf(operation, dtype), dtype) }],
    single: (value) => [value],
    join: ([a], [b]) => `${a} = ${scalarCall(kernel, { code, from: [dtype, dtype], to: dtype }, [a, b])};`,
    finish: ([a]) => a,
  };
}

/** 32 bits as a value, and back. */
export function fromBits(bits: string, dtype: DType): string {
  const type = elementType(dtype);
  return type === 'u32' ? bits : `bitcast<${type}>(${bits})`;
}
export const toBits = (value: string, dtype: DType): string =>
  elementType(dtype) === 'u32' ? value : `bitcast<u32>(${value})`;
