import { ArgumentError, checkTensor, maximum, type Tensor, tree, where } from '@flowfield/tensor-webgpu';
import { root } from './root.ts';

/**
 * Where the largest element lies outside [small, large], squares may leave the range of the dtype: elements are then
 * multiplied by a power of two, which changes no digit.
 */
const rangeOf = (dtype: 'f32' | 'f64') =>
  dtype === 'f32'
    ? { small: 2 ** -50, large: 2 ** 40, up: 2 ** 96, down: 2 ** -96 }
    : { small: 2 ** -400, large: 2 ** 400, up: 2 ** 600, down: 2 ** -600 };

/** `norm / factor` is the norm of the tree; both are scalars, and the factor is a power of two. */
export interface ScaledNorm {
  readonly norm: Tensor;
  readonly factor: Tensor;
}

/**
 * The joint norm of all leaves, times a factor that keeps it in range.
 * @throws ArgumentError for a tree without leaves, or a leaf that is no tensor.
 */
export function scaledNorm(op: string, updates: unknown): ScaledNorm {
  const leaves = tree.leaves<Tensor>(updates);
  for (const leaf of leaves) checkTensor(op, 'every leaf of the tree', leaf);
  const filled = leaves.filter((leaf) => leaf.size > 0);
  if (leaves.length === 0) throw new ArgumentError(`${op}: expected a tree with at least one tensor, got none.`);
  const dtype = leaves.some((leaf) => leaf.dtype === 'f64') ? 'f64' : 'f32';
  const cast = filled.map((leaf) => leaf.astype(dtype));
  if (cast.length === 0) return { norm: leaves[0].astype(dtype).sum(), factor: leaves[0].astype(dtype).sum().add(1) };
  const { small, large, up, down } = rangeOf(dtype);
  const largest = cast.map((leaf) => leaf.abs().max()).reduce((a, b) => maximum(a, b));
  const one = largest.mul(0).astype('i32').astype(dtype).add(1);
  const factor = where(largest.greater(large), one.mul(down), where(largest.less(small), one.mul(up), one));
  const squares = cast.map((leaf) => leaf.mul(factor).square().sum());
  return { norm: root(squares.reduce((sum, square) => sum.add(square))), factor };
}

/**
 * √(Σ x²) over every element of every leaf: a scalar, in f64 where a leaf is. Right at every scale at which the norm itself
 * is a number of the dtype; its derivative at 0 is 0.
 * @throws ArgumentError for a tree without leaves, or a leaf that is no tensor.
 */
export function globalNorm(updates: unknown): Tensor {
  const { norm, factor } = scaledNorm('globalNorm', updates);
  return norm.div(factor);
}
