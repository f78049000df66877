import type { Tensor } from '@flowfield/tensor-webgpu';

/** A fixed function of the last axis that a network sees in place of its input. */
export interface Features {
  readonly inputs: number;
  readonly outputs: number;
  apply(x: Tensor): Tensor;
}
