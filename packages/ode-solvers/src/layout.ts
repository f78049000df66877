import { concat, eye, jacfwd, jvp, linalg, ShapeError, type Tensor, vmap } from '@flowfield/tensor-webgpu';
import type { Field, FloatType, State } from './state.ts';
import { timeTypeOf } from './state.ts';

/** A state as one vector [n], or with independent rows as one vector for each row, [rows, n]. */
export interface Layout {
  readonly dtype: FloatType;
  /** The narrowest dtype of a leaf: rounding is its. */
  readonly narrowest: FloatType;
  /** Entries of a vector. */
  readonly size: number;
  vector(state: State): Tensor;
  state(vector: Tensor): State;
  /** df/dy at a state: [n, n], or [rows, n, n]. */
  jacobian(field: Field, t: Tensor, state: State): Tensor;
}

/**
 * How the leaves of a state line up.
 * @throws ShapeError for independent rows where the leaves do not share their first axis.
 */
export function layoutOf(like: State, independentRows: boolean): Layout {
  const dtype = timeTypeOf(like);
  const rows = independentRows ? like[0]?.shape[0] : undefined;
  if (independentRows && (rows === undefined || like.some((leaf) => leaf.shape[0] !== rows))) {
    throw new ShapeError(
      `solveOde: independentRows needs leaves that share their first axis, got shapes ${like.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')}. Leave it out, or give every leaf one row for each system.`,
    );
  }
  const front = rows === undefined ? [] : [rows];
  const sizes = like.map((leaf) => leaf.shape.slice(front.length).reduce((product, extent) => product * extent, 1));
  const size = sizes.reduce((sum, part) => sum + part, 0);
  const offsets = sizes.map((_, n) => sizes.slice(0, n).reduce((sum, part) => sum + part, 0));
  const all = front.map((count): [number, number] => [0, count]);
  const vector = (state: State): Tensor =>
    concat(
      state.map((leaf, n) => leaf.astype(dtype).reshape([...front, sizes[n]])),
      front.length,
    );
  const layout: Layout = {
    dtype,
    narrowest: like.some((leaf) => leaf.dtype === 'f32') ? 'f32' : 'f64',
    size,
    vector,
    state: (flat) =>
      like.map((leaf, n) =>
        flat
          .slice(...all, [offsets[n], offsets[n] + sizes[n]])
          .reshape(leaf.shape)
          .astype(leaf.dtype),
      ),
    jacobian(field, t, state) {
      const f = (flat: Tensor): Tensor => vector(field(t, layout.state(flat)));
      const at = vector(state);
      if (rows === undefined) return jacfwd(f)(at) as Tensor;
      // Rows do not meet, so one direction gives a column of every row's matrix at once.
      const column = (direction: Tensor): Tensor => jvp(f, [at], [direction.broadcastTo([rows, size])])[1];
      return vmap(column)(eye(size, size, { dtype, device: at.device?.name })).transpose([1, 2, 0]);
    },
  };
  return layout;
}

/** `matrix^-1 vector`, for one system or one for each row. */
export const solveLinear = (matrix: Tensor, vector: Tensor): Tensor =>
  linalg.solve(matrix, vector.expandDims(-1)).reshape(vector.shape);

/** `matrix vector`, for one system or one for each row. */
export const multiply = (matrix: Tensor, vector: Tensor): Tensor =>
  matrix.matmul(vector.expandDims(-1)).reshape(vector.shape);
