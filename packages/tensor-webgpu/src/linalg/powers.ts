import { ArgumentError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { matmul } from '../ops/contraction.ts';
import { eye } from '../ops/creation.ts';
import { broadcastTo } from '../ops/reshape.ts';
import type { ScalarFunction } from '../primitives/linalg/scalarFunction.ts';
import { symmetricFunction } from '../primitives/linalg/symmetricFunction.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { checkedAlone, whyNoFunction } from './alone.ts';
import { squareMatrices } from './matrices.ts';
import { inv } from './solve.ts';

/**
 * x · x · … · x, `exponent` times, by repeated squaring; the inverse to the power for a negative exponent, the
 * identity for 0.
 * @throws ArgumentError unless the exponent is an integer, ShapeError unless the matrices are square.
 */
export function matrixPower(x: TensorLike, exponent: number): Tensor {
  if (!Number.isSafeInteger(exponent))
    throw new ArgumentError(
      `linalg.matrixPower: the exponent must be an integer, got ${exponent}. For other powers of symmetric matrices use powm.`,
    );
  return composite('linalg.matrixPower', () => {
    const matrix = squareMatrices('matrixPower', x);
    let square = exponent < 0 ? inv(matrix) : matrix;
    let result: Tensor | undefined;
    for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = result ? matmul(result, square) : square;
      if (rest > 1) square = matmul(square, square);
    }
    if (result) return result;
    const n = matrix.shape[matrix.ndim - 1];
    return broadcastTo(eye(n, n, { dtype: matrix.dtype, device: matrix.device?.name }), matrix.shape);
  });
}

/**
 * The power `V diag(w^p) Vᵀ` of symmetric positive definite matrices `V diag(w) Vᵀ` [..., n, n], of whose symmetric
 * part it is taken; semidefinite ones do for p >= 0. Derivatives of every order are exact at repeated eigenvalues too
 * (by divided differences of w^p) and need w > 0. In a stack, and inside transforms, a matrix with an eigenvalue that is
 * negative (or 0 where that has no power or derivative) gives NaN and leaves the others alone.
 * @throws ArgumentError for one matrix alone of that kind, and for an exponent that is not finite.
 */
export function powm(x: TensorLike, exponent: number): Tensor {
  if (!Number.isFinite(exponent))
    throw new ArgumentError(`linalg.powm: the exponent must be a finite number, got ${exponent}.`);
  return ofSymmetric('powm', x, { kind: 'power', exponent });
}

/** The symmetric square root r, r r = x, of symmetric positive semidefinite matrices: `powm(x, 1/2)`. */
export const sqrtm = (x: TensorLike): Tensor => ofSymmetric('sqrtm', x, { kind: 'power', exponent: 0.5 });

/**
 * The symmetric logarithm `V diag(log w) Vᵀ` of symmetric positive definite matrices [..., n, n], of whose symmetric part
 * it is taken: the inverse of `expm`. Derivatives of every order are exact at repeated eigenvalues too.
 * In a stack, and inside transforms, a matrix that is not positive definite gives NaN and leaves the others alone.
 * @throws ArgumentError for one matrix alone that is not positive definite.
 */
export const logm = (x: TensorLike): Tensor => ofSymmetric('logm', x, { kind: 'log' });

const ofSymmetric = (op: string, x: TensorLike, f: ScalarFunction): Tensor =>
  checkedAlone(
    x,
    composite(`linalg.${op}`, () => symmetricFunction(squareMatrices(op, x), f)),
    whyNoFunction(op, f),
  );
