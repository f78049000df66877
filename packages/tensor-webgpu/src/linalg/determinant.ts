import { composite, composites } from '../ops/composite.ts';
import { diagonal } from '../ops/indexing.ts';
import { slice } from '../ops/slice.ts';
import type { TensorLike } from '../ops/types.ts';
import { lax } from '../primitives/lax.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Value } from '../trace/value.ts';
import { squareMatrices } from './matrices.ts';

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

/** Determinants of square matrices. Above 3 x 3 they come from LU, and derivatives need an invertible matrix. */
export const det = (x: TensorLike): Tensor =>
  composite('linalg.det', () => {
    const matrix = squareMatrices('det', x);
    const n = matrix.shape[matrix.ndim - 1];
    if (n >= 1 && n <= 3) return smallDeterminant(matrix, n);
    const [packed, pivots] = lax.lu(matrix);
    const line = diagonal(packed);
    return lax.mul(lax.reduceProd(line, [line.ndim - 1]), exchangeSign(pivots, matrix.dtype));
  });

/** The sign and the logarithm of the absolute value of determinants: 0 and -Infinity for singular matrices. */
export function slogdet(x: TensorLike): { sign: Tensor; logabsdet: Tensor } {
  const [sign, logabsdet] = composites('linalg.slogdet', () => {
    const matrix = squareMatrices('slogdet', x);
    const [packed, pivots] = lax.lu(matrix);
    const line = diagonal(packed);
    const last = line.ndim - 1;
    const signs = lax.mul(lax.reduceProd(lax.sign(line), [last]), exchangeSign(pivots, matrix.dtype));
    return [signs, lax.reduceSum(lax.log(lax.abs(line)), [last])];
  });
  return { sign, logabsdet };
}
