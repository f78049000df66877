import { defaultDevice, type Tensor } from '@flowfield/tensor-webgpu';

/** A number per row (or a scalar) as a factor of rows of x. */
export const spread = (c: Tensor, x: Tensor): Tensor => {
  const factor = c.dtype === x.dtype ? c : c.astype(x.dtype);
  return c.ndim === 0 ? factor : factor.reshape([c.shape[0], ...Array<number>(x.ndim - 1).fill(1)]);
};

/** A scalar, or a number per row, as a number per row: [batch]. */
export const perRow = (t: Tensor, x: Tensor): Tensor =>
  (t.dtype === x.dtype ? t : t.astype(x.dtype)).broadcastTo([x.shape[0]]);

/** The dtype for the few numbers of a step: double precision where the device of x has it. */
export const scalarType = (x: Tensor): 'f32' | 'f64' =>
  (x.device ?? defaultDevice()).dtypes.includes('f64') ? 'f64' : 'f32';

/** The floating dtype of x. */
export const floatType = (x: Tensor): 'f32' | 'f64' => (x.dtype === 'f64' ? 'f64' : 'f32');
