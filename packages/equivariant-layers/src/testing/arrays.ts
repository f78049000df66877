import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** Normal numbers in f64. */
export const normals = (seed: number, shape: readonly number[]): Tensor =>
  random.normal(random.key(seed), shape, { dtype: 'f64' });

/** The largest |x - y|; infinite for other shapes. */
export function difference(x: Tensor, y: Tensor): number {
  if (x.shape.join() !== y.shape.join()) return Number.POSITIVE_INFINITY;
  return x.size === 0 ? 0 : x.sub(y).abs().max().item();
}

/** x with the axes `axes` relabelled: entry i of the result is entry order[i]. */
export const relabelled = (x: Tensor, axes: readonly number[], order: readonly number[]): Tensor =>
  axes.reduce((y, axis) => y.take(tensor(Int32Array.from(order)), { axis }), x);
