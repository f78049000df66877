import type { Tensor } from '@flowfield/tensor-webgpu';

/** max |a - b|. */
export const largestDifference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

/** max |a - b| / max |b|. */
export const relativeDifference = (a: Tensor, b: Tensor): number => largestDifference(a, b) / b.abs().max().item();
