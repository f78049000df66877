import { ArgumentError, checkedOptions, random } from '@flowfield/tensor-webgpu';
import { checkedContext, checkScale, type Initializer, type InitializerContext } from './initializer.ts';

export interface VarianceScalingOptions {
  /** The variance is scale / fan (default 1). */
  readonly scale?: number;
  /** Which fan divides the scale: 'fanIn' (default), 'fanOut', or 'fanAverage', their mean. */
  readonly mode?: 'fanIn' | 'fanOut' | 'fanAverage';
  /** 'normal' (default), or 'uniform' on [-√(3 variance), √(3 variance)). */
  readonly distribution?: 'normal' | 'uniform';
}

function fanOf(mode: string, { fanIn, fanOut }: InitializerContext): number {
  if (mode === 'fanIn') return fanIn;
  return mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
}

/**
 * Numbers with mean 0 and variance scale / fan; 0 where the fan is 0.
 * @throws ArgumentError for a negative scale, or an unknown mode, distribution or option.
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const {
    scale = 1,
    mode = 'fanIn',
    distribution = 'normal',
  } = checkedOptions('varianceScaling', options, ['scale', 'mode', 'distribution']);
  checkScale('varianceScaling: scale', scale);
  if (!['fanIn', 'fanOut', 'fanAverage'].includes(mode)) {
    throw new ArgumentError(`varianceScaling: mode must be 'fanIn', 'fanOut' or 'fanAverage', got '${mode}'.`);
  }
  if (!['normal', 'uniform'].includes(distribution)) {
    throw new ArgumentError(`varianceScaling: distribution must be 'normal' or 'uniform', got '${distribution}'.`);
  }
  return (key, shape, context) => {
    const { dtype } = checkedContext('varianceScaling', context);
    const variance = scale / Math.max(1, fanOf(mode, context));
    if (distribution === 'normal') return random.normal(key, shape, { dtype }).mul(Math.sqrt(variance));
    const bound = Math.sqrt(3 * variance);
    return random.uniform(key, shape, { minval: -bound, maxval: bound, dtype });
  };
}
