import {
  customJvp,
  div,
  greater,
  maximum,
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

/**
 * sqrt of a number that rounding may have taken below 0. Its derivative at 0, which is infinite, is that of the smallest
 * root, so that those of σ stay finite, and are σ'.
 */
export const rootOf: (square: Tensor) => Tensor = customJvp(
  (square: Tensor) => sqrt(maximum(square, 0)),
  ([square], [moved]) => {
    const root = rootOf(square);
    return [root, moved.div(positive(root).mul(2))];
  },
);

/** A signal-to-noise ratio: what is below 0 is taken for 0. */
export function ratio(snr: TensorLike): Tensor {
  const s = tensor(snr);
  return where(s.less(0), 0, s);
}

/**
 * A function of s >= 0 whose two forms are good up to 1 and, in 1 / s, above it, `Infinity` included. Each form sees only
 * numbers of its own range, and the one that is chosen has its full derivative, at 1 too.
 */
export function bySize(snr: TensorLike, small: (s: Tensor) => Tensor, large: (inverse: Tensor) => Tensor): Tensor {
  const s = ratio(snr);
  const above = greater(s, 1);
  return where(above, large(div(1, where(above, s, 1))), small(where(above, 1, s)));
}

/** s / (1 + weight s) for s >= 0, `Infinity` included. */
export const fractionOf = (snr: TensorLike, weight = 1): Tensor =>
  bySize(
    snr,
    (s) => s.div(s.mul(weight).add(1)),
    (inverse) => div(1, inverse.add(weight)),
  );
