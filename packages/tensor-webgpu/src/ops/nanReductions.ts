import { isFloat } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReduceOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asFloat, asNumber } from './operands.ts';
import { all, max, min, sum } from './reductions.ts';

/** x with `value` in the places of NaN, which get no derivative. */
const withoutNaN = (x: Tensor, value: number): Tensor =>
  isFloat(x.dtype) ? (lax.select(lax.isNaN(x), value, x) as Tensor) : x;

const missing = (x: Tensor): Tensor => lax.isNaN(x) as Tensor;

/** The sum over `axis` of what is not NaN; 0 where all is. */
export function nansum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkedOptions('nansum', options, ['axis', 'keepDims']);
  return composite('nansum', () => sum(withoutNaN(asNumber(x), 0), options));
}

/** The mean over `axis` of what is not NaN; NaN where all is. Integers become f32. */
export function nanmean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkedOptions('nanmean', options, ['axis', 'keepDims']);
  return composite('nanmean', () => {
    const value = asFloat(x);
    const count = sum(lax.not(missing(value)) as Tensor, options);
    return lax.div(sum(withoutNaN(value, 0), options), lax.cast(count, value.dtype));
  });
}

/** The reduction of what is not NaN, and NaN where all is. */
function extreme(name: string, reduce: typeof max, x: TensorLike, options: ReduceOptions, least: number): Tensor {
  checkedOptions(name, options, ['axis', 'keepDims']);
  return composite(name, (): Value => {
    const value = asNumber(x);
    const result = reduce(withoutNaN(value, least), options);
    return isFloat(value.dtype) ? lax.select(all(missing(value), options), Number.NaN, result) : result;
  });
}

/** The largest element over `axis` that is not NaN; NaN where all are. Throws `ArgumentError` for an empty axis. */
export const nanmax = (x: TensorLike, options: ReduceOptions = {}): Tensor =>
  extreme('nanmax', max, x, options, Number.NEGATIVE_INFINITY);

/** The smallest element over `axis` that is not NaN; NaN where all are. Throws `ArgumentError` for an empty axis. */
export const nanmin = (x: TensorLike, options: ReduceOptions = {}): Tensor =>
  extreme('nanmin', min, x, options, Number.POSITIVE_INFINITY);
