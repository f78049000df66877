import { type DType, INTEGER_RANGE, isFloat } from '../dtype/dtype.ts';
import { lax } from '../primitives/lax.ts';
import { wholeNumber } from '../primitives/wholeNumber.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asNumber, asTensors, broadcastPair, castTo, elementwiseOperands, isScalar } from './operands.ts';

type Order = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** The same question with the operands the other way round. */
const TURNED: Readonly<Record<Order, Order>> = { eq: 'eq', ne: 'ne', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' };

/** Integers against any JavaScript number, as exact as real numbers: the number need not fit the dtype. */
function againstNumber(order: Order, given: Tensor, bound: number): Value {
  const x = asNumber(given);
  const answer = (holds: boolean): Value => lax.full(x.shape, holds ? 1 : 0, 'bool');
  const [least, largest] = INTEGER_RANGE[x.dtype as 'i32' | 'u32'];
  if (Number.isNaN(bound)) return answer(order === 'ne');
  if (bound > largest) return answer(order === 'lt' || order === 'le' || order === 'ne');
  if (bound < least) return answer(order === 'gt' || order === 'ge' || order === 'ne');
  if (Number.isInteger(bound)) return lax[order](x, bound);
  if (order === 'eq' || order === 'ne') return answer(order === 'ne');
  return order === 'lt' || order === 'le' ? lax.le(x, Math.floor(bound)) : lax.ge(x, Math.ceil(bound));
}

/** Unsigned against signed integers of one shape: a negative number is below every unsigned one. */
function acrossSigns(order: Order, unsigned: Tensor, signed: Tensor): Value {
  const negative = lax.lt(signed, 0);
  const plain = lax[order](unsigned, castTo(signed, 'u32'));
  return order === 'gt' || order === 'ge' || order === 'ne'
    ? lax.or(negative, plain)
    : lax.and(lax.not(negative), plain);
}

export const mixesSigns = (a: DType, b: DType): boolean => (a === 'u32' && b === 'i32') || (a === 'i32' && b === 'u32');

/** x and y compared as the real numbers that they are, wherever integers are compared with integers or with numbers. */
export function compare(name: string, order: Order, x: TensorLike, y: TensorLike): Value {
  if (isScalar(x) !== isScalar(y)) {
    const [[other, number], asked] = isScalar(x) ? [[y, x], TURNED[order]] : [[x, y], order];
    const [given] = asTensors([other]);
    if (!isFloat(given.dtype) && !(given.dtype === 'bool' && typeof number === 'boolean'))
      return againstNumber(asked as Order, given, Number(number));
  }
  const values = asTensors([x, y]);
  if (values.some(({ dtype }) => !isFloat(dtype))) {
    const whole = values.map(wholeNumber);
    if (whole.some((value, i) => value !== values[i]))
      return compare(name, order, whole[0] as Tensor, whole[1] as Tensor);
  }
  if (!isScalar(x) && !isScalar(y) && mixesSigns(values[0].dtype, values[1].dtype)) {
    const [a, b] = broadcastPair(name, values);
    return a.dtype === 'u32' ? acrossSigns(order, a, b) : acrossSigns(TURNED[order], b, a);
  }
  const [a, b] = elementwiseOperands(name, [x, y]);
  return lax[order](a, b);
}

const comparison =
  (name: string, order: Order) =>
  (x: TensorLike, y: TensorLike): Tensor =>
    composite(name, () => compare(name, order, x, y));

/** x == y, as bool. Integers are compared exactly, with numbers and with integers of the other sign too. */
export const equal = comparison('equal', 'eq');

/** x != y, as bool, compared like `equal`. */
export const notEqual = comparison('notEqual', 'ne');

/** x < y, as bool, compared like `equal`. */
export const less = comparison('less', 'lt');

/** x <= y, as bool, compared like `equal`. */
export const lessEqual = comparison('lessEqual', 'le');

/** x > y, as bool, compared like `equal`. */
export const greater = comparison('greater', 'gt');

/** x >= y, as bool, compared like `equal`. */
export const greaterEqual = comparison('greaterEqual', 'ge');
