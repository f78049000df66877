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
import { checkPositive } from '../optimizers/ranges.ts';
import { checkChannels, checkLastAxis, checkParams, type Layer, madeAt } from './layer.ts';

/** `weight` [channels] and `bias` [channels]. */
export type GroupNormParams = { weight: Tensor; bias: Tensor };

export interface GroupNormOptions {
  readonly channels: number;
  /** How many groups the channels are cut into; 1 normalizes all together, `channels` each alone (instance norm). */
  readonly groups: number;
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

/**
 * (x - mean) / √(variance + epsilon) · weight + bias with mean and biased variance over the places and channels of a group, for
 * x [N, channels, …] (Wu & He 2018). The weight starts at 1 and the bias at 0.
 * @throws ArgumentError unless `groups` divides `channels`, for an epsilon that is not positive or an unknown option; `apply`
 *   throws ArgumentError and ShapeError for parameters or an x that do not fit.
 */
export function groupNorm(options: GroupNormOptions): Layer<GroupNormParams> {
  const {
    channels,
    groups,
    epsilon = 1e-5,
    dtype = 'f32',
  } = checkedOptions('groupNorm', options, ['channels', 'groups', 'epsilon', 'dtype']);
  checkedWhole('groupNorm: channels', channels);
  checkedWhole('groupNorm: groups', groups);
  checkPositive('groupNorm: epsilon', epsilon);
  if (channels % groups !== 0) {
    throw new ArgumentError(
      `groupNorm: groups must divide channels, got ${groups} groups of ${channels} channels. Choose a divisor.`,
    );
  }
  return {
    inputs: channels,
    outputs: channels,
    init(key: random.Key): GroupNormParams {
      const options = madeAt('groupNorm', key, dtype);
      return { weight: ones([channels], options), bias: zeros([channels], options) };
    },
    apply(params: GroupNormParams, x: Tensor): Tensor {
      checkChannels('groupNorm', x, channels);
      checkParams('groupNorm', params, { weight: [channels], bias: [channels] });
      const [rows, , ...places] = x.shape;
      const extent = places.reduce((product, n) => product * n, channels / groups);
      const grouped = x.reshape([rows, groups, extent]);
      const centered = grouped.sub(grouped.mean({ axis: -1, keepDims: true }));
      const variance = centered.square().mean({ axis: -1, keepDims: true });
      const normal = centered.mul(variance.add(epsilon).rsqrt()).reshape(x.shape);
      const along = [channels, ...places.map(() => 1)];
      return normal.mul(params.weight.reshape(along)).add(params.bias.reshape(along));
    },
  };
}

/** `weight` [size]. */
export type RmsNormParams = { weight: Tensor };

export interface RmsNormOptions {
  readonly size: number;
  /** Added to the mean square (default 1e-6). */
  readonly epsilon?: number;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

/**
 * x / √(mean x² + epsilon) · weight over the last axis (Zhang & Sennrich 2019). The weight starts at 1.
 * @throws ArgumentError for a size below 1, an epsilon that is not positive or an unknown option; `apply` throws ArgumentError and
 *   ShapeError for parameters or an x that do not fit.
 */
export function rmsNorm(options: RmsNormOptions): Layer<RmsNormParams> {
  const { size, epsilon = 1e-6, dtype = 'f32' } = checkedOptions('rmsNorm', options, ['size', 'epsilon', 'dtype']);
  checkedWhole('rmsNorm: size', size);
  checkPositive('rmsNorm: epsilon', epsilon);
  return {
    inputs: size,
    outputs: size,
    init: (key: random.Key): RmsNormParams => ({ weight: ones([size], madeAt('rmsNorm', key, dtype)) }),
    apply(params: RmsNormParams, x: Tensor): Tensor {
      checkLastAxis('rmsNorm', x, size);
      checkParams('rmsNorm', params, { weight: [size] });
      const square = x.square().mean({ axis: -1, keepDims: true });
      return x.mul(square.add(epsilon).rsqrt()).mul(params.weight);
    },
  };
}
