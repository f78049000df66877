import { checkedOptions, checkedWhole, concat, type Tensor } from '@flowfield/tensor-webgpu';
import { checkLastAxis } from '../layers/layer.ts';
import type { Features } from './features.ts';

export interface FourierFeatureOptions {
  readonly inputs: number;
  /** How many octaves: frequencies 2⁰, 2¹, …, 2^(octaves - 1). */
  readonly octaves: number;
  /** Multiplies every frequency (default 1; π for coordinates in [-1, 1]). */
  readonly scale?: number;
  /** Whether x itself comes first (default true). */
  readonly keepInput?: boolean;
}

/**
 * (x, sin(scale·2ʲ x), cos(scale·2ʲ x)) for j = 0 … octaves - 1: x [..., n] -> [..., n (1 + 2 octaves)], with x first,
 * then all sines by octave, then all cosines (Mildenhall et al. 2020, equation 4).
 * @throws ArgumentError for octaves that are not a whole number of at least 0, or when nothing would be left.
 */
export function fourierFeatures(options: FourierFeatureOptions): Features {
  const {
    inputs,
    octaves,
    scale = 1,
    keepInput = true,
  } = checkedOptions('fourierFeatures', options, ['inputs', 'octaves', 'scale', 'keepInput']);
  checkedWhole('fourierFeatures: inputs', inputs);
  checkedWhole('fourierFeatures: octaves', octaves, keepInput ? 0 : 1);
  return {
    inputs,
    outputs: inputs * (2 * octaves + (keepInput ? 1 : 0)),
    apply(x: Tensor): Tensor {
      checkLastAxis('fourierFeatures', x, inputs);
      if (octaves === 0) return x;
      const angles = Array.from({ length: octaves }, (_, j) => x.mul(scale * 2 ** j));
      const waves = concat(angles, -1);
      return concat([...(keepInput ? [x] : []), waves.sin(), waves.cos()], -1);
    },
  };
}
