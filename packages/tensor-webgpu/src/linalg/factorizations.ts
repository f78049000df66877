import { composite, composites } from '../ops/composite.ts';
import { cholesky as choleskyOf } from '../primitives/linalg/cholesky.ts';
import { eigh as eighOf } from '../primitives/linalg/eigh.ts';
import { qr as qrOf } from '../primitives/linalg/qr.ts';
import { svd as svdOf } from '../primitives/linalg/svd.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { checkedAlone, whyNoCholesky, whyNotFinite } from './alone.ts';
import { matrices, squareMatrices } from './matrices.ts';

/**
 * The lower triangular L of x = L Lᵀ for symmetric positive definite x [..., n, n]; the symmetric part of x counts, and
 * derivatives are those of symmetric matrices. In a stack, and inside transforms, a matrix that is not positive definite
 * gives NaN and leaves the others alone.
 * @throws ArgumentError for one matrix alone that is not positive definite, ShapeError unless the matrices are square.
 */
export const cholesky = (x: TensorLike): Tensor =>
  checkedAlone(
    x,
    composite('linalg.cholesky', () => choleskyOf(squareMatrices('cholesky', x))),
    whyNoCholesky,
  );

/**
 * Eigenvalues in ascending order and orthonormal eigenvectors (as columns) of symmetric matrices [..., n, n]; the symmetric
 * part counts. At repeated eigenvalues what does not depend on the choice of eigenvectors has its derivatives of first and
 * second order, and what does, such as one entry of an eigenvector, has none: the turn of eigenvectors of one eigenvalue into each
 * other counts as 0. `sqrtm`, `logm`, `powm` and `expm` have derivatives of every order. In a stack, and inside transforms, a matrix that holds
 * NaN or infinity gives NaN and leaves the others alone.
 * @throws ArgumentError for one matrix alone that holds NaN or infinity, ShapeError unless the matrices are square.
 */
export function eigh(x: TensorLike): { eigenvalues: Tensor; eigenvectors: Tensor } {
  const [eigenvalues, eigenvectors] = composites('linalg.eigh', () => eighOf(squareMatrices('eigh', x)));
  checkedAlone(x, eigenvalues, whyNotFinite('eigh'));
  return { eigenvalues, eigenvectors };
}

/**
 * x = Q R with orthonormal columns in Q [..., m, k] and upper triangular R [..., k, n], k = min(m, n). Derivatives need
 * leading k columns that are independent.
 */
export function qr(x: TensorLike): { q: Tensor; r: Tensor } {
  const [q, r] = composites('linalg.qr', () => qrOf(matrices('qr', x)));
  return { q, r };
}

/**
 * x = U diag(s) Vᵀ with s in descending order; u [..., m, k], s [..., k], vt [..., k, n], k = min(m, n). At repeated and
 * zero singular values what does not depend on the choice of vectors has its derivatives, as with `eigh`. In a stack, and
 * inside transforms, a matrix that holds NaN or infinity gives NaN and leaves the others alone.
 * @throws ArgumentError for one matrix alone that holds NaN or infinity.
 */
export function svd(x: TensorLike): { u: Tensor; s: Tensor; vt: Tensor } {
  const [u, s, vt] = composites('linalg.svd', () => svdOf(matrices('svd', x)));
  checkedAlone(x, s, whyNotFinite('svd'));
  return { u, s, vt };
}
