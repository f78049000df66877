import { checkedOptions } from '../errors/checks.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxes, withoutAxes } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReduceOptions, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asFloat } from './operands.ts';
import { max, sum } from './reductions.ts';
import { reshape } from './reshape.ts';

/** `x` where finite, 0 elsewhere: a shift that cannot turn infinities into NaN. */
export const finiteOrZero = (x: Value): Value => lax.select(lax.isFinite(x), x, 0);

/**
 * log Σ eˣ over `axis`, without overflow. Only minus infinities give minus infinity, with zero derivatives.
 */
export function logsumexp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { axis, keepDims = false } = checkedOptions('logsumexp', options, ['axis', 'keepDims']);
  return composite('logsumexp', () => {
    const value = asFloat(x);
    const top = finiteOrZero(lax.stopGradient(max(value, { axis, keepDims: true }))) as Tensor;
    const total = sum(lax.exp(value.sub(top)) as Tensor, { axis, keepDims: true });
    const empty = lax.eq(total, 0);
    const logTotal = lax.log(lax.select(empty, 1, total)) as Tensor;
    const result = lax.select(empty, Number.NEGATIVE_INFINITY, lax.add(logTotal, top)) as Tensor;
    return keepDims ? result : reshape(result, withoutAxes(value.shape, normalizeAxes('logsumexp', axis, value.ndim)));
  });
}
