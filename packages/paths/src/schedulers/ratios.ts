import {
  div,
  greater,
  maximum,
  minimum,
  sqrt,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';

/** The smallest sqrt(1 - t²) or sqrt(1 - t) of a t < 1 that the dtype holds, roughly: the square root of its rounding unit. */
const LEAST_ROOT = { f32: 2 ** -12, f64: 2 ** -26 };

/** `sigma` kept off 0, so that quotients by it stay finite; it changes σ at t = 1 only. */
export const positive = (sigma: Tensor): Tensor =>
  maximum(sigma, sigma.dtype === 'f64' ? LEAST_ROOT.f64 : LEAST_ROOT.f32);

/** sqrt of a number that rounding may have taken below 0. */
export const rootOf = (square: Tensor): Tensor => sqrt(maximum(square, 0));

/** s / (1 + weight s) for s >= 0, `Infinity` included. */
export function fractionOf(snr: TensorLike, weight = 1): Tensor {
  const s = tensor(snr);
  const large = greater(s, 1);
  const small = minimum(s, 1);
  return where(large, div(1, div(1, maximum(s, 1)).add(weight)), small.div(small.mul(weight).add(1)));
}
