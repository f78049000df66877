import { binary, elementwise, FLOATS, unary } from './elementwise.ts';

export const sinPrimitive = elementwise({
  name: 'sin',
  cost: 16,
  scalar: Math.sin,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.cos(x)],
});

export const cosPrimitive = elementwise({
  name: 'cos',
  cost: 16,
  scalar: Math.cos,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.neg(lax.sin(x))],
});

export const tanPrimitive = elementwise({
  name: 'tan',
  cost: 24,
  scalar: Math.tan,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.add(lax.mul(y, y), 1)],
});

export const asinPrimitive = elementwise({
  name: 'asin',
  cost: 20,
  scalar: Math.asin,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.rsqrt(lax.sub(1, lax.mul(x, x)))],
});

export const acosPrimitive = elementwise({
  name: 'acos',
  cost: 20,
  scalar: Math.acos,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.neg(lax.rsqrt(lax.sub(1, lax.mul(x, x))))],
});

export const atanPrimitive = elementwise({
  name: 'atan',
  cost: 20,
  scalar: Math.atan,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.div(1, lax.add(lax.mul(x, x), 1))],
});

/** The angle of the point (x, y) from the positive x axis, in (-pi, pi]; called as `atan2(y, x)`. */
export const atan2Primitive = elementwise({
  name: 'atan2',
  cost: 30,
  scalar: Math.atan2,
  dtypes: FLOATS,
  partials: [
    (lax, [y, x]) => lax.div(x, lax.add(lax.mul(x, x), lax.mul(y, y))),
    (lax, [y, x]) => lax.neg(lax.div(y, lax.add(lax.mul(x, x), lax.mul(y, y)))),
  ],
});

export const sin = unary(sinPrimitive);
export const cos = unary(cosPrimitive);
export const tan = unary(tanPrimitive);
export const asin = unary(asinPrimitive);
export const acos = unary(acosPrimitive);
export const atan = unary(atanPrimitive);
export const atan2 = binary(atan2Primitive);
