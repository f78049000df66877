import { elementwise, FLOATS, NUMBERS, unary } from './elementwise.ts';

/** The nearest integer; halves go to the even neighbour, as in NumPy. */
export function roundHalfEven(x: number): number {
  const size = Math.abs(x);
  const below = Math.floor(size);
  const rest = size - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return Math.sign(x) * (up ? below + 1 : below);
}

export const absPrimitive = elementwise({
  name: 'abs',
  laws: ['exact', 'neverMinusZero'],
  cost: 0.5,
  scalar: Math.abs,
  dtypes: NUMBERS,
  partials: [(lax, [x]) => lax.sign(x)],
});

/** -1, 0 or 1; NaN for NaN. Its derivative is 0 everywhere, at 0 too. */
export const signPrimitive = elementwise({ name: 'sign', laws: ['exact'], scalar: Math.sign, dtypes: NUMBERS });
export const floorPrimitive = elementwise({ name: 'floor', laws: ['exact'], scalar: Math.floor, dtypes: FLOATS });
export const ceilPrimitive = elementwise({ name: 'ceil', laws: ['exact'], scalar: Math.ceil, dtypes: FLOATS });
export const truncPrimitive = elementwise({ name: 'trunc', laws: ['exact'], scalar: Math.trunc, dtypes: FLOATS });
export const roundPrimitive = elementwise({ name: 'round', laws: ['exact'], scalar: roundHalfEven, dtypes: FLOATS });

export const abs = unary(absPrimitive);
export const sign = unary(signPrimitive);
export const floor = unary(floorPrimitive);
export const ceil = unary(ceilPrimitive);
export const trunc = unary(truncPrimitive);
export const round = unary(roundPrimitive);
