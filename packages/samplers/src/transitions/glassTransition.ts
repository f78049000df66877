import {
  checkedOptions,
  firstNonFinite,
  knownData,
  type random,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { ChainTimeError, NonFiniteSampleError } from '../errors.ts';
import type { Velocity } from '../field.ts';
import { scalarType } from '../rows.ts';
import { checkBatch } from '../velocity.ts';
import { type GlassOptions, glass, glassOptionNames } from './glass.ts';

export interface GlassTransitionOptions extends GlassOptions {
  /** Points at t, (batch, …). */
  readonly xt: Tensor;
  /** Times with 0 <= t < tNext <= 1: scalars or (batch). */
  readonly t: TensorLike;
  readonly tNext: TensorLike;
  readonly key: random.Key;
}

/**
 * One transition of `glass` at once: x at tNext given xt. One key, one result.
 * @throws ChainTimeError unless 0 <= t < tNext <= 1; NonFiniteSampleError where results can be read; and as `glass`.
 */
export function glassTransition(model: Velocity, options: GlassTransitionOptions): Tensor {
  const use = 'glassTransition';
  const { xt, t, tNext, key, ...rest } = checkedOptions(use, options, [...glassOptionNames, 'xt', 't', 'tNext', 'key']);
  checkBatch(use, xt);
  const dtype = scalarType(xt);
  const [from, to] = [t, tNext].map((time) =>
    typeof time === 'number' || Array.isArray(time) ? tensor(time, { dtype }) : tensor(time).astype(dtype),
  );
  for (const time of [from, to]) {
    if (time.ndim === 0 || (time.ndim === 1 && time.shape[0] === xt.shape[0])) continue;
    throw new ChainTimeError(
      `${use}: expected times as scalars or of shape [${xt.shape[0]}], got [${time.shape.join(', ')}].`,
    );
  }
  const [start, end] = [from, to].map(knownData);
  if (start && end) {
    for (let i = 0; i < Math.max(start.length, end.length); i++) {
      const [a, b] = [start[start.length > 1 ? i : 0], end[end.length > 1 ? i : 0]];
      if (a >= 0 && a < b && b <= 1) continue;
      throw new ChainTimeError(
        `${use}: expected 0 <= t < tNext <= 1, got t = ${a} and tNext = ${b}${start.length > 1 || end.length > 1 ? ` in row ${i}` : ''}. Time runs from noise to data.`,
      );
    }
  }
  const [a, b] = from.ndim === to.ndim ? [from, to] : [from, to].map((time) => time.broadcastTo([xt.shape[0]]));
  const next = glass(model, rest)(xt, a, b, key);
  const values = knownData(next);
  const bad = values ? firstNonFinite(values) : -1;
  if (bad < 0) return next;
  throw new NonFiniteSampleError(
    `${use}: points became NaN or infinite, first in row ${Math.floor(bad / (next.size / next.shape[0]))}. Look at the model between t = ${start?.[0]} and 1 (division by 0, times it was not trained on).`,
  );
}
