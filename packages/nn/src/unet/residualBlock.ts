import { random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Activation } from '../activations/activation.ts';
import { zeros } from '../initializers/constant.ts';
import type { ParameterDType } from '../initializers/initializer.ts';
import { type ConvParams, conv2d } from '../layers/conv.ts';
import { dropout } from '../layers/dropout.ts';
import { film } from '../layers/film.ts';
import { type GroupNormParams, groupNorm } from '../layers/groupNorm.ts';
import { partOf } from '../layers/layer.ts';
import type { LinearParams } from '../layers/linear.ts';

/** `modulation` where there is an embedding, `skip` (1x1) where the channels change. */
export type ImageBlockParams = {
  norms: GroupNormParams[];
  convs: ConvParams[];
  modulation?: LinearParams;
  skip?: ConvParams;
};

export interface ImageBlockOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Features of the embedding; 0 for none. */
  readonly embedding: number;
  readonly groups: number;
  readonly rate: number;
  readonly activate: Activation;
  readonly dtype: ParameterDType | undefined;
}

export interface ImageBlock {
  init(key: random.Key): ImageBlockParams;
  apply(params: ImageBlockParams, x: Tensor, embedding: Tensor | null, key: random.Key | null): Tensor;
}

/** The largest number of groups up to `most` that divides the channels. */
export function groupsOf(channels: number, most: number): number {
  let groups = Math.min(most, channels);
  while (channels % groups !== 0) groups--;
  return groups;
}

/**
 * h = conv(act(norm x)); h = conv(dropout(act(norm(h) (1 + γ) + β))), [γ, β] from act(embedding); x + h, with x through a 1x1
 * convolution where the channels change (Dhariwal & Nichol 2021, section 3.1). The second convolution starts at 0.
 */
export function imageBlock(options: ImageBlockOptions): ImageBlock {
  const { inputs, outputs, embedding, groups, rate, activate, dtype } = options;
  const norms = [inputs, outputs].map((channels) => groupNorm({ channels, groups: groupsOf(channels, groups), dtype }));
  const convs = [
    conv2d({ inputs, outputs, kernel: 3, padding: 1, dtype }),
    conv2d({ inputs: outputs, outputs, kernel: 3, padding: 1, weightInit: zeros, biasInit: zeros, dtype }),
  ];
  const modulation = embedding > 0 ? film({ condition: embedding, size: outputs, axis: 1, dtype }) : null;
  const skip = inputs === outputs ? null : conv2d({ inputs, outputs, kernel: 1, dtype });
  return {
    init(key) {
      const [first, second, third, fourth] = [...random.split(key, 4)];
      return {
        norms: norms.map((norm) => norm.init(key)),
        convs: [convs[0].init(first), convs[1].init(second)],
        ...(modulation ? { modulation: modulation.init(third) } : {}),
        ...(skip ? { skip: skip.init(fourth) } : {}),
      };
    },
    apply(params, x, embedded, key) {
      const [firstNorm, secondNorm] = partOf('unet', params, 'norms');
      const [firstConv, secondConv] = partOf('unet', params, 'convs');
      const h = convs[0].apply(firstConv, activate(norms[0].apply(firstNorm, x)));
      const normal = norms[1].apply(secondNorm, h);
      const seen =
        modulation && embedded
          ? modulation.apply(partOf('unet', params, 'modulation') as LinearParams, normal, activate(embedded))
          : normal;
      const added = convs[1].apply(secondConv, dropout(key, activate(seen), { rate }));
      return (skip ? skip.apply(partOf('unet', params, 'skip') as ConvParams, x) : x).add(added);
    },
  };
}
