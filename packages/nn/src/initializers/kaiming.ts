import { ArgumentError, checkedOptions } from '@flowfield/tensor-webgpu';
import type { Initializer } from './initializer.ts';
import { varianceScaling } from './varianceScaling.ts';

export interface KaimingOptions {
  /** The slope of the rectifier below 0 (default 0): the variance is 2 / ((1 + slope²) fan). */
  readonly negativeSlope?: number;
  /** Keep the variance of activations ('fanIn', default) or of gradients ('fanOut'). */
  readonly mode?: 'fanIn' | 'fanOut';
}

const kaiming =
  (distribution: 'normal' | 'uniform') =>
  (options: KaimingOptions = {}): Initializer => {
    const { negativeSlope = 0, mode = 'fanIn' } = checkedOptions('kaiming', options, ['negativeSlope', 'mode']);
    if (!Number.isFinite(negativeSlope)) {
      throw new ArgumentError(`kaiming: negativeSlope must be a finite number, got ${String(negativeSlope)}.`);
    }
    return varianceScaling({ scale: 2 / (1 + negativeSlope ** 2), mode, distribution });
  };

/** Normal with variance 2 / ((1 + slope²) fan) (He et al. 2015, equations 10 and 15). */
export const kaimingNormal = /* @__PURE__ */ kaiming('normal');

/** Uniform with variance 2 / ((1 + slope²) fan). */
export const kaimingUniform = /* @__PURE__ */ kaiming('uniform');
