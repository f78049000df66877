import type { LrgaParams } from '@flowfield/equivariant-layers';
import { concat, relu, type Tensor } from '@flowfield/tensor-webgpu';

/** Low-rank attention by its n x n matrix, [U Vᵀ Z / η, T] for one graph x [n, inputs]: what the layer must equal, at a cost that grows as n². */
export function denseAttention({ weight, bias }: LrgaParams, x: Tensor): Tensor {
  const rank = bias.shape[0] / 4;
  const features = relu(x.matmul(weight).add(bias));
  const [u, v, z, t] = [0, 1, 2, 3].map((i) => features.slice('...', [i * rank, (i + 1) * rank]));
  const scores = u.matmul(v.T);
  return concat([scores.div(scores.sum().div(x.shape[0]).add(1e-6)).matmul(z), t], -1);
}
