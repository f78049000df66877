import { composites } from '../ops/composite.ts';
import { eye } from '../ops/creation.ts';
import { tril, triu } from '../ops/indexing.ts';
import { lu as luOf } from '../primitives/linalg/lu.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { squareMatrices } from './matrices.ts';

/**
 * `x[permutation] = L U` of square matrices [..., n, n], with row exchanges that put the largest element of each column on
 * the diagonal: L lower triangular with ones on its diagonal, U upper triangular, permutation i32 [..., n].
 * A singular matrix has a zero on the diagonal of U; derivatives need an invertible one.
 * @throws ShapeError unless the matrices are square.
 */
export function lu(x: TensorLike): { l: Tensor; u: Tensor; permutation: Tensor } {
  const [l, u, permutation] = composites('linalg.lu', () => {
    const matrix = squareMatrices('lu', x);
    const n = matrix.shape[matrix.ndim - 1];
    const [packed, , order] = luOf(matrix);
    return [tril(packed, -1).add(eye(n, n, { dtype: matrix.dtype })), triu(packed), order];
  });
  return { l, u, permutation };
}
