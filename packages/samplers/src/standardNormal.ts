import type { Tensor } from '@flowfield/tensor-webgpu';

/** `log N(x; 0, I) = -|x|^2 / 2 - (d / 2) ln 2 pi` for each row of x [batch, ...]: [batch]. */
export function standardNormalLogDensity(x: Tensor): Tensor {
  const rows = x.reshape([x.shape[0], -1]);
  return rows
    .square()
    .sum({ axis: 1 })
    .div(-2)
    .sub((rows.shape[1] / 2) * Math.log(2 * Math.PI));
}
