import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { castTo } from './operands.ts';

/** The quotient and the remainder of the sizes, as u32, and which operand is negative. */
function ofSizes(x: Tensor, y: Tensor): { quotient: Value; rest: Value; negative: Value; size: Value } {
  const signed = x.dtype === 'i32' ? x : y;
  const negative = lax.lt(signed, 0);
  const bits = castTo(signed, 'u32');
  const magnitude = lax.select(negative, lax.neg(bits), bits);
  const [a, b] = x.dtype === 'i32' ? [magnitude, y] : [x, magnitude];
  return { quotient: lax.div(a, b), rest: lax.rem(a, b), negative, size: b };
}

const asSigned = (x: Value): Value => lax.cast(x, 'i32');

/** floor(x / y) of an unsigned and a signed integer, of one shape, as 32 bits of the exact result. */
export function floorDivideMixed(x: Tensor, y: Tensor): Value {
  const { quotient, rest, negative } = ofSizes(x, y);
  const below = lax.neg(lax.add(quotient, lax.cast(lax.ne(rest, 0), 'u32')));
  return asSigned(lax.select(negative, below, quotient));
}

/** x - y floor(x / y) of an unsigned and a signed integer. */
export function modMixed(x: Tensor, y: Tensor): Value {
  const { rest, negative, size } = ofSizes(x, y);
  // Short of a multiple of y from the other side; the sign is that of y.
  const missing = lax.select(lax.eq(rest, 0), rest, lax.sub(size, rest));
  return asSigned(lax.select(negative, x.dtype === 'i32' ? missing : lax.neg(missing), rest));
}

/** x - y trunc(x / y) of an unsigned and a signed integer, with the sign of x. */
export function fmodMixed(x: Tensor, y: Tensor): Value {
  const { rest, negative } = ofSizes(x, y);
  return asSigned(x.dtype === 'i32' ? lax.select(negative, lax.neg(rest), rest) : rest);
}
