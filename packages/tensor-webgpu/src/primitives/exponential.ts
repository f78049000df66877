import { elementwise, FLOATS, unary } from './elementwise.ts';

export const expPrimitive = elementwise({
  name: 'exp',
  scalar: Math.exp,
  dtypes: FLOATS,
  partials: [(_lax, _inputs, y) => y],
});

export const logPrimitive = elementwise({
  name: 'log',
  scalar: Math.log,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.div(1, x)],
});

export const exp = unary(expPrimitive);
export const log = unary(logPrimitive);
