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
  ({ negativeSlope = 0, mode = 'fanIn' }: KaimingOptions = {}): Initializer =>
    varianceScaling({ scale: 2 / (1 + negativeSlope ** 2), mode, distribution });

/** Normal with variance 2 / ((1 + slope²) fan) (He et al. 2015, equations 10 and 15). */
export const kaimingNormal = kaiming('normal');

/** Uniform with variance 2 / ((1 + slope²) fan). */
export const kaimingUniform = kaiming('uniform');
