import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  ones,
  type random,
  type Tensor,
  zeros,
} from '@flowfield/tensor-webgpu';
import type { ParameterDType } from '../initializers/initializer.ts';
import { checkLastAxis, checkParams, type Layer, madeAt } from './layer.ts';

/** `weight` [size] and `bias` [size]. */
export type LayerNormParams = { weight: Tensor; bias: Tensor };

export interface LayerNormOptions {
  readonly size: number;
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

/**
 * (x - mean) / √(variance + epsilon) · weight + bias over the last axis, with the biased variance
 * (Ba, Kiros & Hinton 2016). The weight starts at 1 and the bias at 0.
 * @throws ArgumentError for a size below 1, an epsilon that is not positive or an unknown option; `apply` throws ArgumentError and
 *   ShapeError for parameters or an x that do not fit.
 */
export function layerNorm(options: LayerNormOptions): Layer<LayerNormParams> {
  const { size, epsilon = 1e-5, dtype = 'f32' } = checkedOptions('layerNorm', options, ['size', 'epsilon', 'dtype']);
  checkedWhole('layerNorm: size', size);
  if (!(epsilon > 0)) throw new ArgumentError(`layerNorm: epsilon must be positive, got ${epsilon}.`);
  return {
    inputs: size,
    outputs: size,
    init(key: random.Key): LayerNormParams {
      const options = madeAt('layerNorm', key, dtype);
      return { weight: ones([size], options), bias: zeros([size], options) };
    },
    apply(params: LayerNormParams, x: Tensor): Tensor {
      checkLastAxis('layerNorm', x, size);
      checkParams('layerNorm', params, { weight: [size], bias: [size] });
      const { weight, bias } = params;
      const centered = x.sub(x.mean({ axis: -1, keepDims: true }));
      const variance = centered.square().mean({ axis: -1, keepDims: true });
      return centered.mul(variance.add(epsilon).rsqrt()).mul(weight).add(bias);
    },
  };
}
