import {
  arange,
  cumsum,
  dynamicUpdateSlice,
  full,
  minimum,
  searchsorted,
  type Tensor,
  take,
  tree,
  where,
} from '@flowfield/tensor-webgpu';

/** Room for `count` values like `row`. */
export const emptyRows = (row: Tensor, count: number): Tensor => full([count, ...row.shape], 0, { dtype: row.dtype });

/** `rows` with number `at` replaced by `row`. */
export const writeRow = (rows: Tensor, row: Tensor, at: Tensor): Tensor =>
  dynamicUpdateSlice(rows, row.expandDims(0), [at, ...row.shape.map(() => 0)]);

/** `rows` with the rows from number `count` on replaced by `row`. */
export function padRows(rows: Tensor, row: Tensor, count: Tensor): Tensor {
  const unused = arange(rows.shape[0]).greaterEqual(count);
  return where(unused.reshape([-1, ...row.shape.map(() => 1)]), row, rows);
}

/** The rows of a tree of tensors for which `flags` (i32 0 or 1) is 1, moved to the front in their order. */
export function compacted<T>(rows: T, flags: Tensor): T {
  const count = flags.shape[0];
  const places = searchsorted(cumsum(flags), arange(1, count + 1).astype('i32'), { side: 'left' });
  const index = minimum(places, count - 1);
  return tree.map((leaf: Tensor) => take(leaf, index), rows) as T;
}
