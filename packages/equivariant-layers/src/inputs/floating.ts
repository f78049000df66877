import type { Tensor } from '@flowfield/tensor-webgpu';

/** x itself where it is floating; whole numbers and truth values as f32. */
export const floating = (x: Tensor): Tensor => (x.dtype === 'f32' || x.dtype === 'f64' ? x : x.astype('f32'));
