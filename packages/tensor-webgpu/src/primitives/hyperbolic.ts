import { elementwise, FLOATS, unary } from './elementwise.ts';

export const sinhPrimitive = elementwise({
  name: 'sinh',
  cost: 20,
  scalar: Math.sinh,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.cosh(x)],
});

export const coshPrimitive = elementwise({
  name: 'cosh',
  laws: ['neverMinusZero'],
  cost: 20,
  scalar: Math.cosh,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.sinh(x)],
});

export const tanhPrimitive = elementwise({
  name: 'tanh',
  cost: 14,
  scalar: Math.tanh,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.sub(1, lax.mul(y, y))],
});

export const asinhPrimitive = elementwise({
  name: 'asinh',
  cost: 24,
  scalar: Math.asinh,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.rsqrt(lax.add(lax.mul(x, x), 1))],
});

/** Defined for x >= 1; NaN below. */
export const acoshPrimitive = elementwise({
  name: 'acosh',
  cost: 24,
  scalar: Math.acosh,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.rsqrt(lax.mul(lax.sub(x, 1), lax.add(x, 1)))],
});

export const atanhPrimitive = elementwise({
  name: 'atanh',
  cost: 24,
  scalar: Math.atanh,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.div(1, lax.sub(1, lax.mul(x, x)))],
});

export const sinh = unary(sinhPrimitive);
export const cosh = unary(coshPrimitive);
export const tanh = unary(tanhPrimitive);
export const asinh = unary(asinhPrimitive);
export const acosh = unary(acoshPrimitive);
export const atanh = unary(atanhPrimitive);
