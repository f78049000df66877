import { arange, type Tensor, where } from '@flowfield/tensor-webgpu';

/** `rows` with the rows from number `count` on replaced by `row`. */
export function padRows(rows: Tensor, row: Tensor, count: Tensor): Tensor {
  const unused = arange(rows.shape[0]).greaterEqual(count);
  return where(unused.reshape([-1, ...row.shape.map(() => 1)]), row, rows);
}
