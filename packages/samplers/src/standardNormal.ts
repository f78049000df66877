import { checkTensor, type Tensor } from '@flowfield/tensor-webgpu';

/** `log N(x; 0, I) = -|x|^2 / 2 - (d / 2) ln 2 pi` for each row of x [batch, ...]: [batch]. Throws `ArgumentError` for what is no tensor. */
export function standardNormalLogDensity(x: Tensor): Tensor {
  checkTensor('standardNormalLogDensity', 'x', x);
  const [, ...point] = x.shape;
  const size = point.reduce((product, extent) => product * extent, 1);
  return x
    .square()
    .sum({ axis: point.map((_, i) => i + 1) })
    .div(-2)
    .sub((size / 2) * Math.log(2 * Math.PI));
}
