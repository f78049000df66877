import { isFloat } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { DTypeError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { showShape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asFloat, asTensor } from './operands.ts';
import { reduceWindows } from './windowReductions.ts';
import { type PerAxis, perAxis, type WindowOptions, type Windows, windowsOf } from './windows.ts';

export type PoolOptions = WindowOptions;

function poolWindows(op: string, x: Tensor, window: PerAxis, options: PoolOptions): Windows {
  checkedOptions(op, options, ['stride', 'padding', 'dilation']);
  if (x.ndim < 3) throw new ShapeError(`${op}: expected x [N, C, …spatial], got shape ${showShape(x.shape)}.`);
  const kernel = perAxis(op, 'the window', window, x.ndim - 2);
  return windowsOf(op, x, kernel, { ...options, stride: options.stride ?? kernel });
}

/**
 * The largest element of each window over x [N, C, …spatial]; the stride is the window unless given. Padding is
 * never the largest. Ties split the derivative.
 */
export function maxPool(x: TensorLike, window: PerAxis, options: PoolOptions = {}): Tensor {
  return composite('maxPool', () => {
    const value = asTensor(x);
    if (!isFloat(value.dtype))
      throw new DTypeError(`maxPool: expected a floating dtype, got ${value.dtype}. Cast with .astype('f32').`);
    return reduceWindows(value, poolWindows('maxPool', value, window, options), {
      fill: Number.NEGATIVE_INFINITY,
      combine: lax.max,
      reduce: lax.reduceMax,
      overlaps: true,
    });
  });
}

/** The mean of each window over x [N, C, …spatial]; the stride is the window unless given. Padding counts as zeros. */
export function avgPool(x: TensorLike, window: PerAxis, options: PoolOptions = {}): Tensor {
  return composite('avgPool', () => {
    const value = asFloat(x);
    const windows = poolWindows('avgPool', value, window, options);
    const total = reduceWindows(value, windows, { fill: 0, combine: lax.add, reduce: lax.reduceSum, overlaps: false });
    return lax.div(total, sizeOf(windows.kernel));
  });
}
