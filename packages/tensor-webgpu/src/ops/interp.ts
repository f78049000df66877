import { floatOf } from '../dtype/dtype.ts';
import { checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { InterpOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asTensors, commonType, inType } from './operands.ts';
import { sliceAxis } from './slice.ts';
import { searchsorted } from './sorting.ts';

/**
 * The piecewise linear function through the knots (`knots[i]`, `values[i]`), at each element of x:
 * f0 + (x - x0) / (x1 - x0) · (f1 - f0) between two neighbours. The knots are an ascending vector of any
 * length but 0; where two are equal the function jumps to the later value. NaN stays. Differentiable in x and in the values.
 * @throws ShapeError unless knots and values are vectors of one length, at least 1.
 */
export function interp(x: TensorLike, knots: TensorLike, values: TensorLike, options: InterpOptions = {}): Tensor {
  const outside = checkedOptions('interp', options, ['left', 'right']);
  for (const given of [outside.left, outside.right]) {
    if (given === undefined || typeof given === 'number') continue;
    throw new ArgumentError(`interp: expected left and right as numbers, got ${describe(given)}. Give plain numbers.`);
  }
  return composite('interp', () => {
    const operands = [x, knots, values];
    const given = asTensors(operands);
    const dtype = floatOf(commonType(operands, given));
    const [place, grid, line] = inType('interp', operands, given, dtype);
    if (grid.ndim !== 1 || line.ndim !== 1 || grid.size !== line.size || grid.size === 0) {
      throw new ShapeError(
        `interp: expected knots and values as vectors of one length, at least 1, got ${showShape(grid.shape)} and ${showShape(line.shape)}. Use vmap for several functions.`,
      );
    }
    const last = grid.size - 1;
    const end = (vector: Tensor, at: number) => lax.reshape(sliceAxis(vector, 0, at, at + 1), []);
    const spread = (scalar: ReturnType<typeof end>) => lax.broadcastInDim(scalar, place.shape, []);
    const below = lax.max(lax.min(lax.sub(searchsorted(grid, place, { side: 'right' }), 1), last - 1), 0);
    const above = lax.min(lax.add(below, 1), last);
    const [x0, x1, f0, f1] = [grid, line].flatMap((vector) =>
      [below, above].map((index) => lax.gather(vector, index, 0)),
    );
    const width = lax.sub(x1, x0);
    // Only beyond the last knot can the two be one; another value is taken there.
    const fraction = lax.div(lax.sub(place, x0), lax.select(lax.eq(width, 0), 1, width));
    const inner = lax.add(f0, lax.mul(fraction, lax.sub(f1, f0)));
    const first = spread(end(line, 0));
    const final = spread(end(line, last));
    const [low, high] = [spread(end(grid, 0)), spread(end(grid, last))];
    const rightwards = lax.select(
      lax.gt(place, high),
      outside.right ?? final,
      lax.select(lax.ge(place, high), final, inner),
    );
    return lax.select(lax.lt(place, low), outside.left ?? first, rightwards);
  });
}
