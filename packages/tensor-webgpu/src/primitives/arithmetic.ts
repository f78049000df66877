import { isInteger } from '../dtype/dtype.ts';
import type { Tangent } from '../program/value.ts';
import { addTangents, binary, elementwise, NUMBERS, unary } from './elementwise.ts';

/** The cotangent of a linear operand; the others have none. */
const when = (linear: boolean, cotangent: () => Tangent): Tangent => (linear ? cotangent() : null);

export const addPrimitive = elementwise({
  name: 'add',
  laws: ['exact', 'commutative'],
  scalar: (x, y) => x + y,
  dtypes: NUMBERS,
  partials: ['one', 'one'],
  transpose: (_lax, [ct], _inputs, linear) => linear.map((is) => (is ? ct : null)),
});

export const subPrimitive = elementwise({
  name: 'sub',
  laws: ['exact'],
  scalar: (x, y) => x - y,
  dtypes: NUMBERS,
  partials: ['one', 'neg'],
  transpose: (lax, [ct], _inputs, linear) => [when(linear[0], () => ct), when(linear[1], () => ct && lax.neg(ct))],
});

export const negPrimitive = elementwise({
  name: 'neg',
  laws: ['exact'],
  cost: 0.5,
  scalar: (x) => -x,
  dtypes: NUMBERS,
  partials: ['neg'],
  transpose: (lax, [ct]) => [ct && lax.neg(ct)],
});

export const mulPrimitive = elementwise({
  name: 'mul',
  laws: ['exact', 'commutative'],
  scalar: (x, y) => x * y,
  // The product of two 32-bit integers does not fit the 53 bits of a double.
  scalarFor: (dtype) => (isInteger(dtype) ? Math.imul : (x, y) => x * y),
  dtypes: NUMBERS,
  partials: [(_lax, [, y]) => y, (_lax, [x]) => x],
  transpose: (lax, [ct], [x, y], linear) => [
    when(linear[0], () => ct && lax.mul(ct, y!)),
    when(linear[1], () => ct && lax.mul(ct, x!)),
  ],
});

/** Quotient; integers divide towards zero, and by zero give 0. */
export const divPrimitive = elementwise({
  name: 'div',
  laws: ['exact'],
  cost: 4,
  scalar: (x, y) => x / y,
  dtypes: NUMBERS,
  jvp: (lax, [, y], [dx, dy], output) =>
    addTangents(lax, dx && lax.div(dx, y), dy && lax.mul(dy, lax.neg(lax.div(output, y)))),
  transpose: (lax, [ct], [, y], linear) => [when(linear[0], () => ct && lax.div(ct, y!)), null],
});

/** Remainder of the division towards zero (C's `fmod`): it has the dividend's sign. Integers by zero give 0. */
export const remPrimitive = elementwise({
  name: 'rem',
  cost: 20,
  scalar: (x, y) => x % y,
  dtypes: NUMBERS,
  partials: ['one', (lax, [x, y]) => lax.neg(lax.trunc(lax.div(x, y)))],
});

export const add = binary(addPrimitive);
export const sub = binary(subPrimitive);
export const mul = binary(mulPrimitive);
export const div = binary(divPrimitive);
export const rem = binary(remPrimitive);
export const neg = unary(negPrimitive);
