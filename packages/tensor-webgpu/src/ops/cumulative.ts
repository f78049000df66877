import { checkedOptions } from '../errors/checks.ts';
import { lax } from '../primitives/lax.ts';
import { normalizeAxis } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CumulativeOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asFloat, asNumber } from './operands.ts';

const cumulative =
  (name: string, apply: typeof lax.cumSum, prepare: (x: TensorLike) => Tensor) =>
  (x: TensorLike, options: CumulativeOptions = {}): Tensor =>
    composite(name, () => {
      const { axis, reverse = false } = checkedOptions(name, options, ['axis', 'reverse']);
      const value = prepare(x);
      if (axis === undefined) return apply(value.ndim === 1 ? value : lax.reshape(value, [value.size]), 0, reverse);
      return apply(value, normalizeAxis(name, axis, value.ndim), reverse);
    });

/** Running sums along `axis`. */
export const cumsum = cumulative('cumsum', lax.cumSum, asNumber);

/** Running products along `axis`. */
export const cumprod = cumulative('cumprod', lax.cumProd, asNumber);

/** Running maxima along `axis`. */
export const cummax = cumulative('cummax', lax.cumMax, asNumber);

/** Running minima along `axis`. */
export const cummin = cumulative('cummin', lax.cumMin, asNumber);

/** log of the running sums of eˣ along `axis`, without overflow. */
export const cumlogsumexp = cumulative('cumlogsumexp', lax.cumLogSumExp, asFloat);
