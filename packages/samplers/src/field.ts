import type { Tensor } from '@flowfield/tensor-webgpu';

/** A velocity field: x of shape [batch, ...] and t of shape [batch] give the velocity, of the shape of x. */
export interface Velocity {
  (x: Tensor, t: Tensor): Tensor;
  /** Network evaluations of one call per row (1 if left out); guided fields say 2. */
  readonly evaluations?: number;
}

/** Network evaluations of one call. */
export const evaluationsOf = (velocity: Velocity): number => velocity.evaluations ?? 1;
