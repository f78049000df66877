import { checkedWhole, checkTensor, gather, ShapeError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { WeightError } from '../errors.ts';
import { checkBatch } from '../velocity.ts';
import { hostNumbers } from './weights.ts';

/** The best of each group, and where it stood. */
export interface BestSamples {
  /** (groups, …) */
  readonly x: Tensor;
  readonly rewards: Float64Array;
  /** The rows that were taken. */
  readonly rows: Int32Array;
}

/**
 * Best of n: of each n consecutive samples the one with the largest reward, rewards (batch). The plain search that steering
 * is compared with, at n times the evaluations of one sample.
 * @throws ShapeError for rewards of another shape or rows that are no multiple of n; WeightError for a reward that is NaN.
 */
export function bestOfN(x: Tensor, rewards: Tensor, n: number): BestSamples {
  const use = 'bestOfN';
  const rows = checkBatch(use, x).shape[0];
  checkedWhole(`${use}: n`, n);
  checkTensor(use, 'rewards', rewards);
  if (rewards.ndim !== 1 || rewards.shape[0] !== rows || rows % n !== 0) {
    throw new ShapeError(
      `${use}: expected rewards of shape [${rows}] and a multiple of ${n} rows, got [${rewards.shape.join(', ')}] and ${rows} rows.`,
    );
  }
  const values = hostNumbers(use, rewards);
  const bad = values.findIndex(Number.isNaN);
  if (bad >= 0) throw new WeightError(`${use}: the reward of row ${bad} is NaN. Look at this sample.`);
  const best = Int32Array.from({ length: rows / n }, (_, g) => {
    let row = g * n;
    for (let i = row + 1; i < (g + 1) * n; i++) if (values[i] > values[row]) row = i;
    return row;
  });
  return {
    x: gather(x, tensor(best, { dtype: 'i32', shape: [best.length], device: x.device?.name })),
    rewards: Float64Array.from(best, (row) => values[row]),
    rows: best,
  };
}
