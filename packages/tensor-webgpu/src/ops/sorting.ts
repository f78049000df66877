import { isFloat } from '../dtype/dtype.ts';
import { checkChoice, checkedList, checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxis, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { SortOptions, TensorLike } from '../tensor/types.ts';
import { composite, composites } from './composite.ts';
import { asTensor, asTensors, commonType, inType } from './operands.ts';
import { moveaxis, reshape } from './reshape.ts';
import { sliceAxis } from './slice.ts';

/** A key whose ascending order is the descending order of x; it cannot overflow. */
const descendingKey = (x: Value): Value => (isFloat(x.dtype) ? lax.neg(x) : lax.not(x));

const lastPositions = (x: Value): Value => lax.iota(x.shape, x.shape.length - 1, 'i32');

/** x along its last axis, sorted, and the places its elements came from. */
function sortLast(x: Tensor, descending: boolean): { values: Tensor; indices: Tensor } {
  if (!descending) {
    const [values, indices] = lax.sort([x, lastPositions(x)], 1);
    return { values: values as Tensor, indices: indices as Tensor };
  }
  const [, values, indices] = lax.sort([descendingKey(x), x, lastPositions(x)], 1);
  return { values: values as Tensor, indices: indices as Tensor };
}

/** x with `axis` last; rank 0 counts as one element. */
function lastAxis(op: string, x: TensorLike, axis: number): { value: Tensor; at: number } {
  const given = asTensor(x);
  if (given.ndim === 0) throw new ShapeError(`${op}: expected at least one axis, got a scalar.`);
  const at = normalizeAxis(op, axis, given.ndim);
  return { value: moveaxis(given, at, -1), at };
}

/** The elements in ascending order along `axis`; stable, with NaN last. */
export function sort(x: TensorLike, options: SortOptions = {}): Tensor {
  const { axis = -1, descending = false } = checkedOptions('sort', options, ['axis', 'descending']);
  return composite('sort', () => {
    const { value, at } = lastAxis('sort', x, axis);
    const sorted = descending ? lax.sort([descendingKey(value), value], 1)[1] : lax.sort([value], 1)[0];
    return moveaxis(sorted as Tensor, -1, at);
  });
}

/** The indices (i32) that sort x along `axis`; stable, with NaN last. */
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  const { axis = -1, descending = false } = checkedOptions('argsort', options, ['axis', 'descending']);
  return composite('argsort', () => {
    const { value, at } = lastAxis('argsort', x, axis);
    return moveaxis(sortLast(value, descending).indices, -1, at);
  });
}

/**
 * The k largest elements along `axis`, largest first, and their indices (i32). NaN counts as smallest.
 * @throws ArgumentError unless 0 <= k <= the extent.
 */
export function topK(
  x: TensorLike,
  k: number,
  options: { readonly axis?: number } = {},
): { values: Tensor; indices: Tensor } {
  const { axis = -1 } = checkedOptions('topK', options, ['axis']);
  const [values, indices] = composites('topK', () => {
    const { value, at } = lastAxis('topK', x, axis);
    const last = value.ndim - 1;
    if (!Number.isInteger(k) || k < 0 || k > value.shape[last]) {
      throw new ArgumentError(
        `topK: k must be an integer from 0 to the extent ${value.shape[last]} of axis ${axis}, got ${describe(k)}.`,
      );
    }
    const sorted = sortLast(value, true);
    return [sorted.values, sorted.indices].map((result) => moveaxis(sliceAxis(result, last, 0, k), -1, at));
  });
  return { values, indices };
}

/** The indices that sort by several keys, the last key first in rank (NumPy's `lexsort`), along the last axis. */
export function lexsort(keys: readonly TensorLike[]): Tensor {
  checkedList('lexsort', 'the keys', keys);
  return composite('lexsort', () => {
    const values = asTensors(keys);
    if (values.length === 0) throw new ArgumentError('lexsort: expected at least one key, got none.');
    return lax.sort([...values.reverse(), lastPositions(values[0])], values.length)[values.length];
  });
}

/**
 * For each value the place (i32) in the ascending vector `sorted` where it can be inserted: before equal
 * elements for `side: 'left'` (default), after them for 'right'. NaN goes to the end.
 */
export function searchsorted(
  sorted: TensorLike,
  values: TensorLike,
  options: { readonly side?: 'left' | 'right' } = {},
): Tensor {
  const { side = 'left' } = checkedOptions('searchsorted', options, ['side']);
  return composite('searchsorted', () => {
    checkChoice('searchsorted', 'side', side, ['left', 'right']);
    const [list, wanted] = asTensors([sorted, values]);
    if (list.ndim !== 1)
      throw new ShapeError(`searchsorted: expected a sorted vector, got shape ${showShape(list.shape)}.`);
    const dtype = commonType([sorted, values], [list, wanted]);
    const [keys, query] = inType('searchsorted', [sorted, values], [list, wanted], dtype);
    const count = list.shape[0];
    const shaped = query.ndim === 0 ? reshape(query, [1]) : query;
    let found: Value = lax.full(shaped.shape, 0, 'i32');
    if (count > 0) {
      // Bisection: the answer is found + [0, 2^k); each step decides one bit.
      for (let step = 2 ** Math.floor(Math.log2(count)); step >= 1; step /= 2) {
        const probe = lax.add(found, step - 1);
        const inside = lax.lt(probe, count);
        const key = lax.gather(keys, lax.min(probe, count - 1), 0);
        const before = side === 'left' ? lax.lt(key, shaped) : lax.le(key, shaped);
        const passes = isFloat(dtype) ? lax.or(before, lax.isNaN(shaped)) : before;
        found = lax.select(lax.and(inside, passes), lax.add(found, step), found);
      }
    }
    return reshape(found as Tensor, query.shape);
  });
}
