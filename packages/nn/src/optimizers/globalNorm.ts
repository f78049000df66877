import { ArgumentError, type Tensor, tree } from '@flowfield/tensor-webgpu';

/**
 * √(Σ x²) over every element of every leaf: a scalar.
 * @throws ArgumentError for a tree without leaves.
 */
export function globalNorm(updates: unknown): Tensor {
  const squares = tree.leaves<Tensor>(updates).map((leaf) => leaf.square().sum());
  if (squares.length === 0) throw new ArgumentError('globalNorm: expected a tree with at least one tensor, got none.');
  return squares.reduce((sum, square) => sum.add(square)).sqrt();
}
