import { random, type Tensor } from '@flowfield/tensor-webgpu';

/** Normal numbers in f64. */
export const normals = (seed: number, shape: readonly number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: 'f64' });

/** The largest |x - y|; infinite for other shapes. */
export function difference(x: Tensor, y: Tensor): number {
  if (x.shape.join() !== y.shape.join()) return Number.POSITIVE_INFINITY;
  return x.size === 0 ? 0 : x.sub(y).abs().max().item();
}
