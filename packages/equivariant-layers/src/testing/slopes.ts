import { grad, type Tensor } from '@flowfield/tensor-webgpu';
import { normals } from './arrays.ts';

/** How far the gradient of f at x is from central differences along a random direction, relative to the slope. */
export function slopeError(f: (x: Tensor) => Tensor, x: Tensor, seed = 0, step = 1e-6): number {
  const along = normals(seed, x.shape);
  const slope = grad(f)(x).mul(along).sum().item();
  const ahead = f(x.add(along.mul(step))).item();
  const behind = f(x.sub(along.mul(step))).item();
  return Math.abs((ahead - behind) / (2 * step) - slope) / Math.max(1, Math.abs(slope));
}
