import { promoteTypes } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { ShapeError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { eye } from '../ops/creation.ts';
import { asFloat, asTensors, castTo } from '../ops/operands.ts';
import { broadcastTo, reshape } from '../ops/reshape.ts';
import { lax } from '../primitives/lax.ts';
import { lu } from '../primitives/linalg/lu.ts';
import { triangularSolve as solveTriangular } from '../primitives/linalg/triangularSolve.ts';
import type { Value } from '../program/value.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { sameBatch, squareMatrices } from './matrices.ts';

/** Runs `solver` on a batch of square matrices and right-hand sides; a vector counts as one column. */
function withColumns(op: string, a: TensorLike, b: TensorLike, solver: (a: Tensor, b: Tensor) => Value): Tensor {
  return composite(`linalg.${op}`, () => {
    const [first, second] = asTensors([a, b]);
    const matrix = squareMatrices(op, first);
    const given = asFloat(second);
    const dtype = promoteTypes(matrix.dtype, given.dtype);
    const columns = given.ndim === 1 ? reshape(given, [given.size, 1]) : given;
    if (columns.ndim < 2 || columns.shape[columns.ndim - 2] !== matrix.shape[matrix.ndim - 1]) {
      throw new ShapeError(
        `linalg.${op}: right-hand sides of shape ${showShape(given.shape)} do not fit matrices of shape ${showShape(matrix.shape)}. Expected [n] or [..., n, k].`,
      );
    }
    const [left, right] = sameBatch(op, castTo(matrix, dtype), castTo(columns, dtype));
    const result = solver(left, right) as Tensor;
    return given.ndim === 1 ? reshape(result, result.shape.slice(0, -1)) : result;
  });
}

export interface TriangularOptions {
  /** Which triangle of a is used (default true: the lower one). */
  readonly lower?: boolean;
  /** Solve aᵀ x = b (default false). */
  readonly transpose?: boolean;
  /** Take the diagonal as ones (default false). */
  readonly unitDiagonal?: boolean;
}

/** x of a x = b for triangular a [..., n, n] and b [n] or [..., n, k]. */
export const triangularSolve = (a: TensorLike, b: TensorLike, options: TriangularOptions = {}): Tensor =>
  withColumns('triangularSolve', a, b, (left, right) => {
    const {
      lower = true,
      transpose = false,
      unitDiagonal = false,
    } = checkedOptions('linalg.triangularSolve', options, ['lower', 'transpose', 'unitDiagonal']);
    return solveTriangular(left, right, { leftSide: true, lower, transpose, unitDiagonal });
  });

/**
 * x of a x = b by LU with row exchanges, a [..., n, n], b [n] or [..., n, k]. A singular a gives infinities or NaN:
 * check `slogdet` or the residual where that can happen.
 */
export const solve = (a: TensorLike, b: TensorLike): Tensor =>
  withColumns('solve', a, b, (left, right) => {
    const [packed, , permutation] = lu(left);
    const exchanged = lax.gather(right, permutation, right.ndim - 2);
    const lower = solveTriangular(packed, exchanged, {
      leftSide: true,
      lower: true,
      transpose: false,
      unitDiagonal: true,
    });
    return solveTriangular(packed, lower, { leftSide: true, lower: false, transpose: false, unitDiagonal: false });
  });

/** x of a x = b from the Cholesky factor L of a = L Lᵀ. */
export const choleskySolve = (factor: TensorLike, b: TensorLike): Tensor =>
  composite('linalg.choleskySolve', () => {
    return triangularSolve(factor, triangularSolve(factor, b), { transpose: true });
  });

/** The inverses of square matrices. To solve a system use `solve`, which is faster and more accurate. */
export const inv = (x: TensorLike): Tensor =>
  composite('linalg.inv', () => {
    const matrix = squareMatrices('inv', x);
    const n = matrix.shape[matrix.ndim - 1];
    return solve(matrix, broadcastTo(eye(n, n, { dtype: matrix.dtype, device: matrix.device?.name }), matrix.shape));
  });
