import { isInteger } from '../dtype/dtype.ts';
import { binary, elementwise, FLOATS, NUMBERS, unary } from './elementwise.ts';
import { literalNumber } from './operand.ts';

/** C's `pow`; JavaScript's gives NaN where the base is 1 or -1 and the exponent is not finite. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

/** Integer power that wraps to 32 bits; a negative exponent gives the quotient towards zero. */
function integerPower(x: number, y: number): number {
  if (y < 0) return x === 0 ? 0 : Math.trunc(x ** y);
  let result = 1;
  for (let square = x, rest = y; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/**
 * `x ** y`. The derivative in `y` is `log(x) x ** y`, with log(0) replaced by 0 so that `0 ** y` is flat;
 * in `x` it is `y x ** (y - 1)`, and 0 where `y` is 0.
 */
export const powPrimitive = elementwise({
  name: 'pow',
  cost: 40,
  scalar: power,
  scalarFor: (dtype) => (isInteger(dtype) ? integerPower : power),
  dtypes: NUMBERS,
  partials: [
    (lax, [x, y]) => {
      const exponent = literalNumber(y);
      if (exponent === undefined)
        return lax.mul(y, lax.pow(x, lax.select(lax.eq(y, 0), lax.full([], 1, y.dtype), lax.sub(y, 1))));
      if (exponent === 0) return null;
      if (exponent === 1) return 1;
      if (exponent === 2) return lax.mul(x, 2);
      if (exponent === 3) return lax.mul(lax.mul(x, x), 3);
      return lax.mul(lax.pow(x, exponent - 1), exponent);
    },
    (lax, [x], output) => lax.mul(lax.log(lax.select(lax.eq(x, 0), lax.full([], 1, x.dtype), x)), output),
  ],
});

/** Square root; its derivative at 0 is infinite. */
export const sqrtPrimitive = elementwise({
  name: 'sqrt',
  laws: ['exact'],
  cost: 4,
  scalar: Math.sqrt,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.div(0.5, y)],
});

export const rsqrtPrimitive = elementwise({
  name: 'rsqrt',
  cost: 6,
  scalar: (x) => 1 / Math.sqrt(x),
  dtypes: FLOATS,
  partials: [(lax, [x], y) => lax.mul(lax.div(y, x), -0.5)],
});

/** Cube root of any real number; its derivative at 0 is infinite. */
export const cbrtPrimitive = elementwise({
  name: 'cbrt',
  cost: 20,
  scalar: Math.cbrt,
  dtypes: FLOATS,
  partials: [(lax, _inputs, y) => lax.div(1 / 3, lax.mul(y, y))],
});

export const pow = binary(powPrimitive);
export const sqrt = unary(sqrtPrimitive);
export const rsqrt = unary(rsqrtPrimitive);
export const cbrt = unary(cbrtPrimitive);
