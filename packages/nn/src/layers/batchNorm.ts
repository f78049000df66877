import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  full,
  maximum,
  ones,
  type random,
  ShapeError,
  stopGradient,
  type Tensor,
  where,
  zeros,
} from '@flowfield/tensor-webgpu';
import type { ParameterDType } from '../initializers/initializer.ts';
import { checkDecay, checkPositive } from '../optimizers/ranges.ts';
import { checkChannels, checkLastAxis, checkParams, type Mode, madeAt, type StatefulLayer } from './layer.ts';

/** `weight` [size] and `bias` [size]. */
export type BatchNormParams = { weight: Tensor; bias: Tensor };

/** Running mean and (unbiased) variance of every channel, [size] each. Not trained: carried beside the parameters. */
export type BatchNormState = { mean: Tensor; variance: Tensor };

export interface BatchNormOptions {
  /** The extent of the channel axis. */
  readonly size: number;
  /** Where the channels are: the last axis (default), or the second, of images [N, C, H, W]. */
  readonly axis?: -1 | 1;
  /** How much of the running statistics stays at each update, in [0, 1) (default 0.9: PyTorch's momentum of 0.1). */
  readonly decay?: number;
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface BatchNormMode extends Mode {
  /** Which places count: bool (or 0 and 1) of the shape of x without the channels. What is masked out is normalized all the same. */
  readonly mask?: Tensor;
}

/**
 * (x - mean) / √(variance + epsilon) · weight + bias for each channel. In training, mean and biased variance are those of all
 * other axes of the batch (of the places that `mask` keeps), and the state moves towards them: state <- decay · state + (1 -
 * decay) · statistic, with the unbiased variance (Ioffe & Szegedy 2015, in PyTorch's form). Otherwise they are those of the
 * state. A batch without a single place leaves the state as it is.
 * @throws ArgumentError for options out of range or unknown ones; `apply` throws ArgumentError and ShapeError for parameters, a
 *   state, a mask or an x that do not fit.
 */
export function batchNorm(options: BatchNormOptions): StatefulLayer<BatchNormParams, BatchNormState, BatchNormMode> {
  const {
    size,
    axis = -1,
    decay = 0.9,
    epsilon = 1e-5,
    dtype = 'f32',
  } = checkedOptions('batchNorm', options, ['size', 'axis', 'decay', 'epsilon', 'dtype']);
  checkedWhole('batchNorm: size', size);
  checkDecay('batchNorm: decay', decay);
  checkPositive('batchNorm: epsilon', epsilon);
  if (axis !== -1 && axis !== 1) {
    throw new ArgumentError(`batchNorm: axis must be -1 (the last) or 1 (of [N, C, …]), got ${String(axis)}.`);
  }
  return {
    inputs: size,
    outputs: size,
    init(key: random.Key): BatchNormParams {
      const made = madeAt('batchNorm', key, dtype);
      return { weight: ones([size], made), bias: zeros([size], made) };
    },
    initState(key?: random.Key): BatchNormState {
      const made = { dtype, device: key?.device?.name };
      return { mean: zeros([size], made), variance: ones([size], made) };
    },
    apply(params, state, x, mode) {
      const { training, mask } = checkedOptions('batchNorm', mode, ['training', 'mask']);
      if (typeof training !== 'boolean') {
        throw new ArgumentError(`batchNorm: training must be true or false, got ${String(training)}.`);
      }
      if (axis === 1) checkChannels('batchNorm', x, size);
      else checkLastAxis('batchNorm', x, size);
      checkParams('batchNorm', params, { weight: [size], bias: [size] });
      checkParams('batchNorm state', state, { mean: [size], variance: [size] }, 'initState()');
      const channels = axis === 1 ? 1 : x.shape.length - 1;
      const along = x.shape.map((_, i) => (i === channels ? size : 1));
      const scaled = (mean: Tensor, variance: Tensor): Tensor =>
        x
          .sub(mean.reshape(along))
          .mul(variance.add(epsilon).rsqrt().mul(params.weight).reshape(along))
          .add(params.bias.reshape(along));
      if (!training) return [scaled(state.mean, state.variance), state];

      const { mean, variance, count } = statistics(x, channels, along, mask);
      const unbiased = variance.mul(count.div(maximum(count.sub(1), 1)));
      const moved = (old: Tensor, now: Tensor): Tensor =>
        where(count.greater(0), old.mul(decay).add(stopGradient(now).mul(1 - decay)), old);
      return [scaled(mean, variance), { mean: moved(state.mean, mean), variance: moved(state.variance, unbiased) }];
    },
  };
}

/** Mean and biased variance over all axes but `channels`, and how many places they are of. */
function statistics(x: Tensor, channels: number, along: readonly number[], mask: Tensor | undefined) {
  const axes = x.shape.flatMap((_, i) => (i === channels ? [] : [i]));
  const expected = axes.map((i) => x.shape[i]);
  if (mask !== undefined) {
    checkTensor('batchNorm', 'mask', mask);
    if (mask.shape.length !== expected.length || mask.shape.some((extent, i) => extent !== expected[i])) {
      throw new ShapeError(
        `batchNorm: expected a mask of shape [${expected.join(', ')}] beside x of [${x.shape.join(', ')}], got [${mask.shape.join(', ')}].`,
      );
    }
  }
  const weight = mask?.astype(x.dtype).expandDims(channels);
  const places = expected.reduce((product, extent) => product * extent, 1);
  const count = weight ? weight.sum() : full([], places, { dtype: x.dtype, device: x.device?.name });
  const kept = (values: Tensor): Tensor => (weight ? where(weight.greater(0), values, 0) : values);
  const divisor = maximum(count, 1);
  const mean = kept(x).sum({ axis: axes }).div(divisor);
  const variance = kept(x.sub(mean.reshape([...along])).square())
    .sum({ axis: axes })
    .div(divisor);
  return { mean, variance, count };
}
