import type { Tensor } from '@flowfield/tensor-webgpu';

/** Added to lengths before division, so that a row of zeros stays 0 (Serviansky et al. 2020). */
const EPSILON = 1e-8;

/** Rows of h divided by their lengths: h / (|h| + 1e-8). The derivative of the length at 0 is taken as 0. */
export const unitRows = (h: Tensor): Tensor => h.div(h.norm({ axis: -1, keepDims: true }).add(EPSILON));
