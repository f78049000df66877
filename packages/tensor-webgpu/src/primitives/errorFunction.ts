import { elementwise, FLOATS, unary } from './elementwise.ts';
import * as special from './special/errorFunction.ts';

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

export const erfPrimitive = elementwise({
  name: 'erf',
  cost: 20,
  scalar: special.erf,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.mul(lax.exp(lax.neg(lax.mul(x, x))), TWO_OVER_SQRT_PI)],
});

/** `1 - erf(x)`, accurate for large x. */
export const erfcPrimitive = elementwise({
  name: 'erfc',
  cost: 30,
  scalar: special.erfc,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.mul(lax.exp(lax.neg(lax.mul(x, x))), -TWO_OVER_SQRT_PI)],
});

/** The inverse of `erf`; infinite at -1 and 1, NaN beyond. */
export const erfInvPrimitive = elementwise({
  name: 'erfInv',
  cost: 40,
  scalar: special.erfInv,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.mul(lax.exp(lax.mul(y, y)), 1 / TWO_OVER_SQRT_PI)],
});

export const erf = unary(erfPrimitive);
export const erfc = unary(erfcPrimitive);
export const erfInv = unary(erfInvPrimitive);
