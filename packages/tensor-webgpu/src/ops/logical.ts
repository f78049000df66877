import { checkedOptions } from '../errors/checks.ts';
import { DTypeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { broadcastShapes } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { binary, unary } from './apply.ts';
import { composite } from './composite.ts';
import { asTensors, broadcastValue, castTo, commonType, inType, isLiteralValue, isScalar } from './operands.ts';

const truth = (x: Tensor): Tensor => (x.dtype === 'bool' ? x : (lax.ne(x, 0) as Tensor));

/** x and y, where any number but 0 counts as true. */
export const logicalAnd = binary('logicalAnd', 'any', (x, y) => lax.and(truth(x), truth(y)));

/** x or y, where any number but 0 counts as true. */
export const logicalOr = binary('logicalOr', 'any', (x, y) => lax.or(truth(x), truth(y)));

/** Exactly one of x and y, where any number but 0 counts as true. */
export const logicalXor = binary('logicalXor', 'any', (x, y) => lax.xor(truth(x), truth(y)));

/** Not x: true where x is 0. */
export const logicalNot = unary('logicalNot', 'any', (x) => lax.not(truth(x)));

function bits(name: string, ...operands: Tensor[]): Tensor[] {
  for (const x of operands) {
    if (x.dtype === 'f32' || x.dtype === 'f64') {
      throw new DTypeError(`${name}: expected integers or booleans, got ${x.dtype}. Cast with .astype('i32').`);
    }
  }
  return operands;
}

/** The bits set in both x and y. */
export const bitwiseAnd = binary('bitwiseAnd', 'any', (x, y) => {
  bits('bitwiseAnd', x, y);
  return lax.and(x, y);
});

/** The bits set in x or y. */
export const bitwiseOr = binary('bitwiseOr', 'any', (x, y) => {
  bits('bitwiseOr', x, y);
  return lax.or(x, y);
});

/** The bits set in exactly one of x and y. */
export const bitwiseXor = binary('bitwiseXor', 'any', (x, y) => {
  bits('bitwiseXor', x, y);
  return lax.xor(x, y);
});

/** The bits of x turned over. */
export const bitwiseNot = unary('bitwiseNot', 'any', (x) => {
  bits('bitwiseNot', x);
  return lax.not(x);
});

/** Whether a shift leaves any bit of 32 where it was asked for: machines look at the last five bits of y only. */
const within = (y: Tensor): Value => lax.and(lax.ge(y, 0), lax.lt(y, 32));

/** x shifted left by y bits; 0 for y outside 0 to 31. */
export const leftShift = binary('leftShift', 'number', (x, y) => {
  bits('leftShift', x, y);
  return lax.select(within(y), lax.shiftLeft(x, y), 0);
});

/** x shifted right by y bits, with the sign for i32 and with zeros for u32; nothing but those for y outside 0 to 31. */
export function rightShift(x: TensorLike, y: TensorLike): Tensor {
  if (isScalar(x) || isScalar(y)) return shiftedRight(x, y);
  return composite('rightShift', () => {
    const [value, places] = asTensors([x, y]);
    if (value.dtype !== 'u32' || places.dtype !== 'i32') return shiftedRight(value, places);
    // The bits of an unsigned number have no sign to be filled with.
    return lax.cast(shiftedRight(value, castTo(places, 'u32')), 'i32');
  });
}

const shiftedRight = binary('rightShift', 'number', (x, y) => {
  bits('rightShift', x, y);
  const filling = x.dtype === 'u32' ? 0 : lax.shiftRight(x, 31);
  return lax.select(within(y), lax.shiftRight(x, y), filling);
});

/**
 * `yes` where the condition holds (is not 0), `no` elsewhere; all three broadcast. Only the chosen side gets a
 * derivative, but a NaN or infinity in the derivative of the other side still spoils it (0 · ∞): replace bad
 * operands before the function, not its result.
 */
export function where(condition: TensorLike, yes: TensorLike, no: TensorLike): Tensor {
  return composite('where', () => {
    const [rawCondition, a, b] = asTensors([condition, yes, no]);
    const dtype = commonType([yes, no], [a, b]);
    const shape = broadcastShapes('where', rawCondition.shape, a.shape, b.shape);
    const [left, right] = inType('where', [yes, no], [a, b], dtype);
    if (rawCondition.state.kind === 'literal')
      return broadcastValue('where', rawCondition.state.literal.value !== 0 ? left : right, shape);
    const side = (x: Tensor): Tensor => (isLiteralValue(x) ? x : broadcastValue('where', x, shape));
    return lax.select(broadcastValue('where', truth(rawCondition), shape), side(left), side(right));
  });
}

/** Whether x and y are close: |x - y| <= absolute + relative · |y|. NaN is close to nothing unless `equalNaN`. */
export function isClose(
  x: TensorLike,
  y: TensorLike,
  options: { readonly relative?: number; readonly absolute?: number; readonly equalNaN?: boolean } = {},
): Tensor {
  const {
    relative = 1e-5,
    absolute = 1e-8,
    equalNaN = false,
  } = checkedOptions('isClose', options, ['relative', 'absolute', 'equalNaN']);
  const compare = binary('isClose', 'float', (a, b) => {
    const near = lax.le(lax.abs(lax.sub(a, b)), lax.add(lax.mul(lax.abs(b), relative), absolute));
    const close = lax.or(lax.and(near, lax.isFinite(b)), lax.eq(a, b));
    return equalNaN ? lax.or(close, lax.and(lax.isNaN(a), lax.isNaN(b))) : close;
  });
  return compare(x, y);
}
