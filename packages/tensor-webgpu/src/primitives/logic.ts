import type { DType } from '../dtype/dtype.ts';
import { binary, elementwise, INTEGERS, unary } from './elementwise.ts';

const BITS: readonly DType[] = ['bool', 'u32', 'i32'];

/** Logical on bool, bitwise on integers. */
export const andPrimitive = elementwise({
  name: 'and',
  laws: ['exact', 'commutative'],
  scalar: (x, y) => x & y,
  dtypes: BITS,
});
export const orPrimitive = elementwise({
  name: 'or',
  laws: ['exact', 'commutative'],
  scalar: (x, y) => x | y,
  dtypes: BITS,
});
export const xorPrimitive = elementwise({
  name: 'xor',
  laws: ['exact', 'commutative'],
  scalar: (x, y) => x ^ y,
  dtypes: BITS,
});
export const notPrimitive = elementwise({
  name: 'not',
  laws: ['exact'],
  scalarFor: (dtype) => (dtype === 'bool' ? (x) => (x === 0 ? 1 : 0) : (x) => ~x),
  dtypes: BITS,
});

/** `x << (y mod 32)`. */
export const shiftLeftPrimitive = elementwise({
  name: 'shiftLeft',
  laws: ['exact'],
  scalar: (x, y) => x << y,
  dtypes: INTEGERS,
});

/** `x >> (y mod 32)`: fills with zeros for u32, with the sign for i32. */
export const shiftRightPrimitive = elementwise({
  name: 'shiftRight',
  laws: ['exact'],
  scalarFor: (dtype) => (dtype === 'u32' ? (x, y) => x >>> y : (x, y) => x >> y),
  dtypes: INTEGERS,
});

export const and = binary(andPrimitive);
export const or = binary(orPrimitive);
export const xor = binary(xorPrimitive);
export const not = unary(notPrimitive);
export const shiftLeft = binary(shiftLeftPrimitive);
export const shiftRight = binary(shiftRightPrimitive);
