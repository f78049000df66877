import type { Tensor } from '@flowfield/tensor-webgpu';

/**
 * √x of a value that is never negative, whose derivative at 0 is 0 instead of infinite: a sum of squares that is 0 came from
 * zeros, and there the derivative of what is divided by the root is the one that matters.
 */
export function root(x: Tensor): Tensor {
  // At 0 the root of 1 is taken, and thrown away: its derivatives are finite, so that nothing of them stays.
  const isZero = x.equal(0).astype(x.dtype);
  return x.add(isZero).sqrt().mul(isZero.neg().add(1));
}
