import { elementwise, FLOATS, unary } from './elementwise.ts';

export const expPrimitive = elementwise({
  name: 'exp',
  laws: ['neverMinusZero'],
  cost: 12,
  scalar: Math.exp,
  dtypes: FLOATS,
  partials: [(_lax, _inputs, y) => y],
});

/** `exp(x) - 1`, accurate near 0. */
export const expm1Primitive = elementwise({
  name: 'expm1',
  cost: 16,
  scalar: Math.expm1,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.add(y, 1)],
});

export const logPrimitive = elementwise({
  name: 'log',
  cost: 14,
  scalar: Math.log,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.div(1, x)],
});

/** `log(1 + x)`, accurate near 0. */
export const log1pPrimitive = elementwise({
  name: 'log1p',
  cost: 18,
  scalar: Math.log1p,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.div(1, lax.add(x, 1))],
});

/** The logistic function `1 / (1 + exp(-x))`. */
export const sigmoidPrimitive = elementwise({
  name: 'sigmoid',
  laws: ['neverMinusZero'],
  cost: 14,
  scalar: (x) => {
    const small = Math.exp(-Math.abs(x));
    return (x >= 0 ? 1 : small) / (1 + small);
  },
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.mul(y, lax.sub(1, y))],
});

/** `log(1 + exp(x))`, without overflow. */
export const softplusPrimitive = elementwise({
  name: 'softplus',
  laws: ['neverMinusZero'],
  cost: 24,
  scalar: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.sigmoid(x)],
});

export const exp = unary(expPrimitive);
export const expm1 = unary(expm1Primitive);
export const log = unary(logPrimitive);
export const log1p = unary(log1pPrimitive);
export const sigmoid = unary(sigmoidPrimitive);
export const softplus = unary(softplusPrimitive);
