import type { DType, TypedArray } from '../dtype/dtype.ts';
import { ArgumentError } from '../errors/errors.ts';
import { asFloat } from '../ops/operands.ts';
import { choleskyFactor } from '../primitives/linalg/cholesky.ts';
import type { ScalarFunction } from '../primitives/linalg/scalarFunction.ts';
import { symmetricEigen, symmetricPartAt } from '../primitives/linalg/symmetricEigen.ts';
import { outsideDomain } from '../primitives/linalg/symmetricFunction.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { elementsAtOnce } from '../trace/atOnce.ts';

/** Why a matrix has no result, as a sentence with its remedy. */
type Reason = (matrix: TypedArray, n: number, dtype: DType) => string;

/**
 * `result`, which is NaN where a matrix has none. One matrix alone, given outside of all transforms to a device that can be
 * read at once, has no neighbours to protect: there the NaN is an `ArgumentError` that says why.
 */
export function checkedAlone(x: TensorLike, result: Tensor, reason: Reason): Tensor {
  const values = elementsAtOnce(result);
  // A result of rank 1 or 2 is that of one matrix; of several, every one would have to be looked at.
  if (result.ndim > 2 || !values?.some(Number.isNaN)) return result;
  const matrix = asFloat(x);
  const given = matrix.ndim === 2 && elementsAtOnce(matrix);
  if (given) throw new ArgumentError(reason(given, matrix.shape[0], matrix.dtype));
  return result;
}

const NOT_FINITE = 'a matrix holds NaN or infinity. Check what it was computed from.';

export const whyNoCholesky: Reason = (matrix, n) => {
  const fault = choleskyFactor(matrix, new Float64Array(n * n), n);
  if (!matrix.every(Number.isFinite) || !fault) return `linalg.cholesky: ${NOT_FINITE}`;
  return `linalg.cholesky: a matrix is not positive definite: its leading minor of order ${fault.order} leaves the pivot ${fault.pivot}. Add a small multiple of the identity, or use eigh.`;
};

export const whyNotFinite =
  (op: string): Reason =>
  (matrix) =>
    matrix.every(Number.isFinite)
      ? `linalg.${op}: the iteration did not converge. Scale the matrix so that its entries are neither huge nor tiny.`
      : `linalg.${op}: ${NOT_FINITE}`;

export const whyNoFunction =
  (op: string, f: ScalarFunction): Reason =>
  (matrix, n, dtype) => {
    const { values } = symmetricEigen(symmetricPartAt(matrix, 0, n), n);
    const least = outsideDomain(f, values, 0, dtype);
    return least === null || Number.isNaN(least)
      ? `linalg.${op}: ${NOT_FINITE}`
      : `linalg.${op}: expected a positive definite matrix, got the eigenvalue ${least}. Add a small multiple of the identity.`;
  };
