import { checkedOptions, checkedWhole, checkTensor, concat, random, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import { floating } from '../inputs/floating.ts';

export interface RandomFeatureOptions {
  /** Numbers drawn for each node. */
  readonly count: number;
  /** Standard normal (default), or uniform in [-1, 1). */
  readonly distribution?: 'normal' | 'uniform';
}

/**
 * Node features with `count` fresh random numbers behind them, x [lead…, n, c] -> [lead…, n, c + count]: networks on them tell apart graphs that message passing cannot, and are
 * invariant in distribution only. Draw from a new key at every call, in evaluation too. Sato et al. 2021, "Random features strengthen graph neural networks".
 * @throws ArgumentError for unknown options or a count below 1.
 */
export function randomNodeFeatures(key: random.Key, x: Tensor, options: RandomFeatureOptions): Tensor {
  const op = 'randomNodeFeatures';
  const { count, distribution = 'normal' } = checkedOptions(op, options, ['count', 'distribution']);
  checkedWhole(`${op}: count`, count);
  checkedChoice(`${op}: distribution`, distribution, ['normal', 'uniform']);
  checkTensor(op, 'key', key);
  checkTensor(op, 'x', x);
  const features = floating(x);
  const shape = [...x.shape.slice(0, -1), count];
  const dtype = features.dtype as 'f32' | 'f64';
  const drawn =
    distribution === 'normal'
      ? random.normal(key, shape, { dtype })
      : random.uniform(key, shape, { minval: -1, maxval: 1, dtype });
  return concat([features, drawn], -1);
}
