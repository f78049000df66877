import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { normalizeAxis, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { concat } from './join.ts';
import { asNumber, elementwiseOperands } from './operands.ts';
import { sliceAxis } from './slice.ts';

/** The cross product of vectors of three components along `axis` (the last by default), with the other axes broadcast. */
export function cross(x: TensorLike, y: TensorLike, axis = -1): Tensor {
  return composite('cross', () => {
    const [a, b] = elementwiseOperands('cross', [x, y], 'number');
    const at = normalizeAxis('cross', axis, a.ndim);
    if (a.shape[at] !== 3)
      throw new ShapeError(`cross: expected 3 components along axis ${axis}, got shape ${showShape(a.shape)}.`);
    const part = (v: Tensor, i: number): Tensor => sliceAxis(v, at, i, i + 1);
    const minor = (i: number, j: number): Tensor =>
      lax.sub(lax.mul(part(a, i), part(b, j)), lax.mul(part(a, j), part(b, i))) as Tensor;
    return concat([minor(1, 2), minor(2, 0), minor(0, 1)], at);
  });
}

/** Differences of neighbours along `axis` (the last by default), `order` times over. */
export function diff(x: TensorLike, options: { readonly order?: number; readonly axis?: number } = {}): Tensor {
  const { order = 1, axis = -1 } = checkedOptions('diff', options, ['order', 'axis']);
  return composite('diff', () => {
    let value = asNumber(x);
    const at = normalizeAxis('diff', axis, value.ndim);
    if (!Number.isInteger(order) || order < 0 || order > value.shape[at]) {
      throw new ArgumentError(
        `diff: order must be an integer from 0 to the extent ${value.shape[at]} of axis ${axis}, got ${order}.`,
      );
    }
    for (let round = 0; round < order; round++) {
      const extent = value.shape[at];
      value = lax.sub(sliceAxis(value, at, 1, extent), sliceAxis(value, at, 0, extent - 1)) as Tensor;
    }
    return value;
  });
}
