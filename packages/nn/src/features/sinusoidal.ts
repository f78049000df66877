import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  concat,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { checkPositive } from '../optimizers/ranges.ts';
import type { TimeFeatures } from './time.ts';

export interface SinusoidalFeatureOptions {
  /** How many features: an even number of at least 2. */
  readonly size: number;
  /** Multiplies t (default 1). Times in [0, 1] take 1000, so that neighbours are told apart. */
  readonly scale?: number;
  /** The slowest wave has (almost) this period over 2π (default 10000). */
  readonly maxPeriod?: number;
}

/**
 * (sin ω_j t, cos ω_j t) with ω_j = scale · maxPeriod^(-2j / size) for j = 0 … size / 2 - 1: t [...] -> [..., size], all sines and
 * then all cosines (Vaswani et al. 2017, section 3.5, with the waves in this order).
 * @throws ArgumentError for a size that is odd or below 2, or a scale or period that is not positive.
 */
export function sinusoidalFeatures(options: SinusoidalFeatureOptions): TimeFeatures {
  const {
    size,
    scale = 1,
    maxPeriod = 10_000,
  } = checkedOptions('sinusoidalFeatures', options, ['size', 'scale', 'maxPeriod']);
  checkedWhole('sinusoidalFeatures: size', size, 2);
  if (size % 2 !== 0) throw new ArgumentError(`sinusoidalFeatures: size must be even, got ${size}. Add or drop one.`);
  checkPositive('sinusoidalFeatures: scale', scale);
  checkPositive('sinusoidalFeatures: maxPeriod', maxPeriod);
  return {
    outputs: size,
    apply(t: Tensor): Tensor {
      checkTensor('sinusoidalFeatures', 't', t);
      const column = t.expandDims(-1);
      const angles = concat(
        Array.from({ length: size / 2 }, (_, j) => column.mul(scale * maxPeriod ** ((-2 * j) / size))),
        -1,
      );
      return concat([angles.sin(), angles.cos()], -1);
    },
  };
}
