import { type Scheduler, schedulerAt } from '@flowfield/paths';
import {
  checkedOptions,
  knownData,
  random,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { ChainTimeError } from './errors.ts';
import { floatType, scalarType, spread } from './rows.ts';
import { checkBatch } from './velocity.ts';

export interface RenoiseOptions {
  readonly scheduler: Scheduler;
  /** The time of the points, and an earlier one: scalars or (batch). */
  readonly from: TensorLike;
  readonly to: TensorLike;
  readonly key: random.Key;
}

/**
 * Goes back in time by adding noise: points at time `from` become points at the earlier time `to`,
 *
 *   x_to = r x + sqrt(σ_to² - r² σ_from²) e,  r = α_to / α_from,
 *
 * whose law is that of the path there, if it was at `from` (the noising process of diffusion models).
 *
 * @throws ChainTimeError for a known `to` after `from`, and SchedulerError for something else than a scheduler.
 */
export function renoise(x: Tensor, options: RenoiseOptions): Tensor {
  const use = 'renoise';
  const { scheduler, from, to, key } = checkedOptions(use, options, ['scheduler', 'from', 'to', 'key']);
  checkBatch(use, x);
  const dtype = scalarType(x);
  const [later, earlier] = [from, to].map((time) =>
    typeof time === 'number' ? tensor(time, { dtype }) : tensor(time).astype(dtype),
  );
  const [a, b] = [later, earlier].map(knownData);
  if (a && b) {
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const [at, back] = [a[a.length > 1 ? i : 0], b[b.length > 1 ? i : 0]];
      if (back <= at) continue;
      const row = a.length > 1 || b.length > 1 ? ` in row ${i}` : '';
      throw new ChainTimeError(
        `${use}: expected to <= from, got from ${at} to ${back}${row}. Noise is added towards t = 0.`,
      );
    }
  }
  const [start, end] = [schedulerAt(scheduler, later), schedulerAt(scheduler, earlier)];
  // At α = 0 both times are 0, and the points stay.
  const moved = start.alphaT.greater(0);
  const ratio = where(moved, end.alphaT.div(where(moved, start.alphaT, 1)), 1);
  const variance = end.sigmaT.square().sub(ratio.mul(start.sigmaT).square()).maximum(0);
  const noise = random.normal(key, x.shape, { dtype: floatType(x) });
  return x.mul(spread(ratio, x)).add(noise.mul(spread(variance.sqrt(), x)));
}
