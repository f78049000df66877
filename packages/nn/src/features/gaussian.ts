import { checkedOptions, checkedWhole, checkTensor, concat, random, type Tensor } from '@flowfield/tensor-webgpu';
import type { ParameterDType } from '../initializers/initializer.ts';
import { checkLastAxis } from '../layers/layer.ts';
import { checkPositive } from '../optimizers/ranges.ts';
import type { Features } from './features.ts';

export interface GaussianFeatureOptions {
  readonly inputs: number;
  /** How many random directions. */
  readonly count: number;
  /** Standard deviation of the frequencies, in periods per unit of x (default 1). */
  readonly sigma?: number;
  /** Draws the directions, which stay fixed. */
  readonly key: random.Key;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

/**
 * (sin 2π x B, cos 2π x B) with the columns of B from N(0, sigma²): x [..., n] -> [..., 2 count], all sines and then all cosines
 * (Tancik et al. 2020, equation 5). Make it once: it holds B.
 * @throws ArgumentError for extents below 1, a sigma that is not positive or an unknown option; `apply` throws ShapeError for an x
 *   that does not fit.
 */
export function gaussianFeatures(options: GaussianFeatureOptions): Features {
  const {
    inputs,
    count,
    sigma = 1,
    key,
    dtype = 'f32',
  } = checkedOptions('gaussianFeatures', options, ['inputs', 'count', 'sigma', 'key', 'dtype']);
  checkedWhole('gaussianFeatures: inputs', inputs);
  checkedWhole('gaussianFeatures: count', count);
  checkPositive('gaussianFeatures: sigma', sigma);
  checkTensor('gaussianFeatures', 'key', key);
  const directions = random.normal(key, [inputs, count], { dtype }).mul(2 * Math.PI * sigma);
  return {
    inputs,
    outputs: 2 * count,
    apply(x: Tensor): Tensor {
      checkLastAxis('gaussianFeatures', x, inputs);
      const angles = x.matmul(directions);
      return concat([angles.sin(), angles.cos()], -1);
    },
  };
}
