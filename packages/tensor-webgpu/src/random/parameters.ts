import type { DType, TypedArray } from '../dtype/dtype.ts';
import { ArgumentError } from '../errors/errors.ts';
import { tensor } from '../ops/creation.ts';
import { castTo, isTensor } from '../ops/operands.ts';
import { Literal } from '../program/aval.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NestedArray, TensorLike } from '../tensor/types.ts';
import { elementsAtOnce } from '../trace/atOnce.ts';
import { literalValue } from '../trace/value.ts';
import { type Key, placeOfKey } from './key.ts';

/** A parameter in a dtype, to which its numbers are rounded once; lists go to the device of the key. */
export function parameterIn(key: Key, x: TensorLike, dtype: DType): Tensor {
  if (isTensor(x)) return castTo(x, dtype);
  if (typeof x === 'number') return literalValue(new Literal(x, dtype)) as Tensor;
  return tensor(x as NestedArray, { device: placeOfKey(key), dtype });
}

/** Larger tensors are not looked through: that would cost more than the draw. */
const MOST_LOOKED_THROUGH = 2 ** 16;

/** The elements of a parameter that can be seen at once: numbers, lists, and tensors in memory that the host can read. */
export function elementsOf(x: TensorLike): ArrayLike<number> | undefined {
  if (typeof x === 'number' || typeof x === 'boolean') return [Number(x)];
  if (ArrayBuffer.isView(x)) return x as TypedArray;
  if (!isTensor(x)) return Array.isArray(x) ? x.flat(Number.POSITIVE_INFINITY).map(Number) : undefined;
  return x.size <= MOST_LOOKED_THROUGH ? elementsAtOnce(x) : undefined;
}

/** Throws `ArgumentError` unless every element of a parameter that can be seen `holds`; NaN never does. */
export function checkedElements(
  op: string,
  what: string,
  x: TensorLike,
  holds: (value: number) => boolean,
  expected: string,
): void {
  const elements = elementsOf(x);
  if (!elements) return;
  for (let i = 0; i < elements.length; i++) {
    if (holds(elements[i])) continue;
    const place = elements.length > 1 ? ` at element ${i}` : '';
    throw new ArgumentError(`${op}: expected ${what} ${expected}, got ${elements[i]}${place}.`);
  }
}
