import { checkedList, checkedOptions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { normalizeAxes, range, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReduceOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { stack } from './join.ts';
import { asFloat, asNumber } from './operands.ts';
import { keptShape, max, min } from './reductions.ts';
import { moveaxis, reshape } from './reshape.ts';
import { sliceAxis } from './slice.ts';
import { sort } from './sorting.ts';

/**
 * The q-quantile over `axis`, 0 <= q <= 1, linear between the two nearest elements. A list of q gives a new
 * first axis. NaN anywhere gives NaN.
 * @throws ArgumentError for q outside [0, 1] or an empty axis.
 */
export function quantile(x: TensorLike, q: number | readonly number[], options: ReduceOptions = {}): Tensor {
  const { axis, keepDims = false } = checkedOptions('quantile', options, ['axis', 'keepDims']);
  return composite('quantile', () => {
    const value = asFloat(x);
    const axes = normalizeAxes('quantile', axis, value.ndim);
    const rest = range(0, value.ndim).filter((i) => !axes.includes(i));
    const count = sizeOf(axes.map((i) => value.shape[i]));
    if (count === 0)
      throw new ArgumentError(
        'quantile: expected elements to choose among, got an empty axis. Reduce other axes, or leave empty tensors out.',
      );
    const lines = reshape(
      moveaxis(
        value,
        axes,
        axes.map((_, i) => rest.length + i),
      ),
      [...rest.map((i) => value.shape[i]), count],
    );
    const sorted = sort(lines);
    const last = rest.length;
    // NaN sorts to the end, so the last element tells whether there was one.
    const poison = lax.isNaN(sliceAxis(sorted, last, count - 1, count));
    const at = (level: number): Tensor => {
      if (!(level >= 0 && level <= 1)) throw new ArgumentError(`quantile: q must lie in [0, 1], got ${level}.`);
      const position = level * (count - 1);
      const below = Math.floor(position);
      const fraction = position - below;
      const low = sliceAxis(sorted, last, below, below + 1);
      const line =
        fraction === 0
          ? low
          : lax.add(lax.mul(low, 1 - fraction), lax.mul(sliceAxis(sorted, last, below + 1, below + 2), fraction));
      const honest = lax.select(poison, Number.NaN, line) as Tensor;
      return reshape(honest, keepDims ? keptShape(value.shape, axes) : rest.map((i) => value.shape[i]));
    };
    return typeof q === 'number' ? at(q) : stack(checkedList('quantile', 'q', q).map(at));
  });
}

/** The middle element over `axis`, or the mean of the two middle ones. */
export const median = (x: TensorLike, options: ReduceOptions = {}): Tensor =>
  composite('median', () => quantile(x, 0.5, options));

/** The distance from the smallest to the largest element over `axis`, max x - min x. Throws `ArgumentError` for an empty axis. */
export function ptp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkedOptions('ptp', options, ['axis', 'keepDims']);
  return composite('ptp', () => {
    const value = asNumber(x);
    return max(value, options).sub(min(value, options));
  });
}
