import type { Tangent } from '../program/primitive.ts';
import { binary, elementwise, FLOATS, NUMBERS, unary } from './elementwise.ts';

/** The cotangent of a linear operand; a literal operand has none. */
const when = (linear: boolean, cotangent: () => Tangent): Tangent => (linear ? cotangent() : null);

export const addPrimitive = elementwise({
  name: 'add',
  scalar: (x, y) => x + y,
  dtypes: NUMBERS,
  partials: ['one', 'one'],
  transpose: (_lax, [ct], _inputs, linear) => linear.map((is) => (is ? ct : null)),
});

export const subPrimitive = elementwise({
  name: 'sub',
  scalar: (x, y) => x - y,
  dtypes: NUMBERS,
  partials: ['one', () => -1],
  transpose: (lax, [ct], _inputs, linear) => [
    when(linear[0], () => ct),
    when(linear[1], () => ct && lax.neg(ct)),
  ],
});

export const negPrimitive = elementwise({
  name: 'neg',
  scalar: (x) => -x,
  dtypes: NUMBERS,
  partials: [() => -1],
  transpose: (lax, [ct]) => [ct && lax.neg(ct)],
});

export const mulPrimitive = elementwise({
  name: 'mul',
  scalar: (x, y) => (Number.isInteger(x) && Number.isInteger(y) && Math.abs(x * y) > 2 ** 53 ? Math.imul(x, y) : x * y),
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
  scalar: (x, y) => x / y,
  dtypes: FLOATS,
  partials: [(lax, [, y]) => lax.div(1, y), (lax, [, y], output) => lax.neg(lax.div(output, y))],
  transpose: (lax, [ct], [, y], linear) => [when(linear[0], () => ct && lax.div(ct, y!)), null],
});

export const add = binary(addPrimitive);
export const sub = binary(subPrimitive);
export const mul = binary(mulPrimitive);
export const div = binary(divPrimitive);
export const neg = unary(negPrimitive);
