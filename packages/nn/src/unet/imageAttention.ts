import type { random, Tensor } from '@flowfield/tensor-webgpu';
import { zeros } from '../initializers/constant.ts';
import type { ParameterDType } from '../initializers/initializer.ts';
import { type GroupNormParams, groupNorm } from '../layers/groupNorm.ts';
import { partOf } from '../layers/layer.ts';
import { linear } from '../layers/linear.ts';
import { type MultiHeadAttentionParams, multiHeadAttention } from '../layers/multiHeadAttention.ts';
import { groupsOf } from './residualBlock.ts';

export type ImageAttentionParams = { norm: GroupNormParams; attention: MultiHeadAttentionParams };

/** x + attention among the places of norm(x), for x [N, channels, H, W]. The last projection starts at 0. */
export function imageAttention(channels: number, heads: number, groups: number, dtype: ParameterDType | undefined) {
  const norm = groupNorm({ channels, groups: groupsOf(channels, groups), dtype });
  const mixing = multiHeadAttention({ inputs: channels, heads, dtype });
  const silent = linear({ inputs: channels, outputs: channels, weightInit: zeros, biasInit: zeros, dtype });
  return {
    init: (key: random.Key): ImageAttentionParams => ({
      norm: norm.init(key),
      attention: { ...mixing.init(key), out: silent.init(key) },
    }),
    apply(params: ImageAttentionParams, x: Tensor): Tensor {
      const [rows, , height, width] = x.shape;
      const normal = norm.apply(partOf('unet', params, 'norm'), x);
      const places = normal.reshape([rows, channels, height * width]).swapaxes(1, 2);
      const mixed = mixing.apply(partOf('unet', params, 'attention'), places);
      return x.add(mixed.swapaxes(1, 2).reshape(x.shape));
    },
  };
}
