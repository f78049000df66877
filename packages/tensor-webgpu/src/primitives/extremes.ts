import type { Lax } from '../program/lax.ts';
import type { Primitive } from '../program/program.ts';
import type { Operand } from '../program/value.ts';
import { addTangents, binary, elementwise, NUMBERS } from './elementwise.ts';

/** The larger or smaller of two numbers; NaN if one is. At a tie each operand carries half of the derivative. */
function extreme(
  name: 'max' | 'min',
  scalar: (x: number, y: number) => number,
  wins: (lax: Lax, x: Operand, y: Operand) => Operand,
): Primitive {
  return elementwise({
    name,
    laws: ['exact', 'commutative'],
    scalar,
    dtypes: NUMBERS,
    jvp(lax, [x, y], [dx, dy]) {
      const share = lax.select(
        wins(lax, x, y),
        lax.full([], 1, x.dtype),
        lax.select(lax.eq(x, y), lax.full([], 0.5, x.dtype), 0),
      );
      return addTangents(lax, dx && lax.mul(dx, share), dy && lax.mul(dy, lax.sub(1, share)));
    },
  });
}

export const maxPrimitive = extreme('max', Math.max, (lax, x, y) => lax.gt(x, y));
export const minPrimitive = extreme('min', Math.min, (lax, x, y) => lax.lt(x, y));

export const max = binary(maxPrimitive);
export const min = binary(minPrimitive);
