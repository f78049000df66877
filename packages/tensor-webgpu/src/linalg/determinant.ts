import { composite, composites } from '../ops/composite.ts';
import { matmul } from '../ops/contraction.ts';
import { diagonal } from '../ops/indexing.ts';
import { expandDims, matrixTranspose } from '../ops/reshape.ts';
import { slice } from '../ops/slice.ts';
import { lax } from '../primitives/lax.ts';
import { lu } from '../primitives/linalg/lu.ts';
import { epsilonOf } from '../primitives/linalg/matrix.ts';
import type { Value } from '../program/value.ts';
import { range } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { cond } from '../transforms/control/branches.ts';
import { customJvp } from '../transforms/custom.ts';
import { svd } from './factorizations.ts';
import { squareMatrices } from './matrices.ts';
import { inv } from './solve.ts';

/** +1 or -1 by the number of row exchanges in the pivots of an LU factorization. */
function exchangeSign(pivots: Value, dtype: Tensor['dtype']): Value {
  const last = pivots.shape.length - 1;
  const exchanged = lax.cast(lax.ne(pivots, lax.iota(pivots.shape, last, 'i32')), 'i32');
  const odd = lax.and(lax.reduceSum(exchanged, [last]), 1);
  return lax.sub(1, lax.mul(lax.cast(odd, dtype), 2));
}

/** Determinants of 1 x 1, 2 x 2 and 3 x 3 matrices by their formula, whose derivatives hold at singular matrices too. */
function smallDeterminant(x: Tensor, n: number): Tensor {
  const at = (i: number, j: number): Tensor => slice(x, '...', i, j);
  const minor = (i: number, j: number, k: number, l: number): Tensor =>
    at(i, k)
      .mul(at(j, l))
      .sub(at(i, l).mul(at(j, k)));
  if (n === 1) return at(0, 0);
  if (n === 2) return minor(0, 1, 0, 1);
  return at(0, 0)
    .mul(minor(1, 2, 1, 2))
    .sub(at(0, 1).mul(minor(1, 2, 0, 2)))
    .add(at(0, 2).mul(minor(1, 2, 0, 1)));
}

/** By LU: the product of the pivots. */
function pivotProduct(x: Tensor): Tensor {
  const [packed, pivots] = lu(x);
  const line = diagonal(packed);
  return lax.mul(lax.reduceProd(line, [line.ndim - 1]), exchangeSign(pivots, x.dtype)) as Tensor;
}

/** Whether every matrix is far from singular, as its pivots tell. */
function farFromSingular(x: Tensor): Tensor {
  const sizes = lax.stopGradient(lax.abs(diagonal(lu(x)[0])));
  const last = [sizes.shape.length - 1];
  const far = lax.gt(lax.reduceMin(sizes, last), lax.mul(lax.reduceMax(sizes, last), Math.sqrt(epsilonOf(x.dtype))));
  return lax.eq(lax.reduceMin(lax.cast(far, 'i32'), range(0, far.shape.length)), 1) as Tensor;
}

/** The matrix of cofactors, of which `d det = Σ C ∘ dx`: `det(x) x⁻ᵀ`, or where some matrix is nearly singular by its singular values. */
const cofactors = (x: Tensor): Tensor =>
  cond(
    farFromSingular(x),
    (x) => matrixTranspose(inv(x)).mul(expandDims(largeDeterminant(x), [-2, -1])),
    cofactorsBySingularValues,
    x,
  );

/** `det(U) det(Vᵀ) U diag(∏_{j≠i} s[j]) Vᵀ` of the singular value decomposition, which holds at singular matrices too. */
function cofactorsBySingularValues(x: Tensor): Tensor {
  const { u, s, vt } = svd(x);
  const shape = [...s.shape, s.shape[s.ndim - 1]];
  const own = lax.eq(lax.iota(shape, s.ndim - 1, 'i32'), lax.iota(shape, s.ndim, 'i32'));
  const others = lax.select(own, 1, lax.broadcastInDim(s, shape, [...range(0, s.ndim - 1), s.ndim]));
  const signs = lax.stopGradient(lax.mul(pivotProduct(u), pivotProduct(vt)));
  const sizes = lax.mul(
    lax.reduceProd(others, [s.ndim]),
    lax.broadcastInDim(lax.sign(signs), s.shape, range(0, s.ndim - 1)),
  );
  return matmul(u.mul(expandDims(sizes as Tensor, -2)), vt);
}

/** By LU, with a derivative that holds at every matrix. */
const largeDeterminant: (x: Tensor) => Tensor = customJvp(pivotProduct, ([x], [dx]) => [
  largeDeterminant(x),
  lax.reduceSum(cofactors(x).mul(dx), [x.ndim - 2, x.ndim - 1]) as Tensor,
]);

/** Determinants of square matrices: 1 of an empty one. Derivatives of first and second order hold at singular matrices too. */
export const det = (x: TensorLike): Tensor =>
  composite('linalg.det', () => {
    const matrix = squareMatrices('det', x);
    const n = matrix.shape[matrix.ndim - 1];
    if (n === 0) return pivotProduct(matrix);
    return n <= 3 ? smallDeterminant(matrix, n) : largeDeterminant(matrix);
  });

/** The sign and the logarithm of the absolute value of determinants: 0 and -Infinity for singular matrices. */
export function slogdet(x: TensorLike): { sign: Tensor; logabsdet: Tensor } {
  const [sign, logabsdet] = composites('linalg.slogdet', () => {
    const matrix = squareMatrices('slogdet', x);
    const [packed, pivots] = lu(matrix);
    const line = diagonal(packed);
    const last = line.ndim - 1;
    const signs = lax.mul(lax.reduceProd(lax.sign(line), [last]), exchangeSign(pivots, matrix.dtype));
    // A product of signs with a 0 among them may be -0.
    return [lax.add(signs, 0), lax.reduceSum(lax.log(lax.abs(line)), [last])];
  });
  return { sign, logabsdet };
}
