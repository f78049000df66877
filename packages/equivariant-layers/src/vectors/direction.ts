import { checkTensor, norm, type Tensor, where } from '@flowfield/tensor-webgpu';

/**
 * Unit vectors v / |v| over the last axis: an equivariant feature of vectors. Where v = 0, which has no direction, the result and
 * its derivatives are 0. The Jacobian elsewhere is (I - n nᵀ) / |v|. For lengths use `norm` of the core, whose gradient at 0 is 0.
 * @throws ArgumentError unless v is a tensor.
 */
export function direction(v: Tensor): Tensor {
  checkTensor('direction', 'v', v);
  const length = norm(v, { axis: -1, keepDims: true });
  const isZero = length.equal(0);
  // Both branches are finite, so that no derivative is 0 · NaN.
  return where(isZero, 0, v).div(where(isZero, 1, norm(where(isZero, 1, v), { axis: -1, keepDims: true })));
}
