import { checkedOptions, checkNumber } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { where } from '../ops/logical.ts';
import { asFloat } from '../ops/operands.ts';
import { max, min, sum, norm as vectorNorm } from '../ops/reductions.ts';
import { moveaxis, reshape } from '../ops/reshape.ts';
import { normalizeAxes } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike, NormOptions as VectorNormOptions } from '../tensor/types.ts';
import { svd } from './factorizations.ts';
import { squareMatrices } from './matrices.ts';
import { inv } from './solve.ts';

/** Norms of matrices: entries ('fro'), singular values ('nuc' their sum, 2 the largest, -2 the least), columns (±1), rows (±Infinity). */
export type MatrixOrder = 'fro' | 'nuc' | number;

export interface LinalgNormOptions extends Omit<VectorNormOptions, 'ord'> {
  /**
   * Of vectors: p > 0 for (Σ|x|ᵖ)^(1/p), Infinity for max |x|, -Infinity for min |x|.
   * Of matrices: 'fro' for √Σx², 'nuc' for Σs, 2 and -2 for the largest and least singular value s, 1 and -1 for the
   * largest and least Σ|x| of a column, Infinity and -Infinity of a row.
   */
  readonly ord?: MatrixOrder;
}

/** The norms of matrices [..., m, n] that are not empty. */
function matrixNorm(x: Tensor, ord: MatrixOrder): Tensor {
  switch (ord) {
    case 'fro':
      return vectorNorm(x, { axis: [-2, -1] });
    case 'nuc':
      return sum(svd(x).s, { axis: -1 });
    case 2:
      return max(svd(x).s, { axis: -1 });
    case -2:
      return min(svd(x).s, { axis: -1 });
    case 1:
    case -1:
    case Number.POSITIVE_INFINITY:
    case Number.NEGATIVE_INFINITY: {
      const sums = sum(x.abs(), { axis: Math.abs(ord) === 1 ? -2 : -1 });
      return ord > 0 ? max(sums, { axis: -1 }) : min(sums, { axis: -1 });
    }
    default:
      throw new ArgumentError(
        `linalg.norm: ord of matrices must be 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${ord}.`,
      );
  }
}

/**
 * The norm of vectors along one `axis` or of matrices along two (rows, then columns). Without `axis`: of all elements as
 * one vector, or, with `ord` given, of x as one vector or one matrix, as in NumPy.
 * Defaults: the 2-norm of vectors, 'fro' of matrices. The derivative of both at 0 is 0, a subgradient.
 * @throws ArgumentError for an `ord` that is not listed, for three axes or more, and for x of three axes or more with `ord` but no `axis`.
 */
export function norm(x: TensorLike, options: LinalgNormOptions = {}): Tensor {
  const { ord, axis, keepDims } = checkedOptions('linalg.norm', options, ['ord', 'axis', 'keepDims']);
  return composite('linalg.norm', () => {
    const value = asFloat(x);
    if (ord !== undefined && ord !== 'fro' && ord !== 'nuc')
      checkNumber('linalg.norm', "ord, unless 'fro' or 'nuc',", ord);
    if (axis === undefined && ord === undefined) return vectorNorm(value, { keepDims });
    const axes = normalizeAxes('linalg.norm', axis, value.ndim);
    if (axes.length === 1) return alongVectors(value, ord ?? 2, axes[0], keepDims);
    if (axes.length !== 2) {
      throw new ArgumentError(
        `linalg.norm: norms are of vectors or matrices, but ${axes.length} axes were given. Give one or two as axis.`,
      );
    }
    // Rows come first as they were asked for: the axes of a transposed matrix may be given in descending order.
    const [rows, columns] = axis === undefined ? axes : (axis as readonly number[]);
    const result = matrixNorm(moveaxis(value, [rows, columns], [-2, -1]), ord ?? 'fro');
    return keepDims
      ? reshape(
          result,
          value.shape.map((extent, i) => (axes.includes(i) ? 1 : extent)),
        )
      : result;
  });
}

function alongVectors(x: Tensor, ord: MatrixOrder, axis: number, keepDims?: boolean): Tensor {
  if (typeof ord === 'string')
    throw new ArgumentError(`linalg.norm: ord '${ord}' is a norm of matrices; give two axes, or a number as ord.`);
  if (ord === Number.NEGATIVE_INFINITY) return min(x.abs(), { axis, keepDims });
  return vectorNorm(x, { ord, axis, keepDims });
}

/**
 * The condition number of x in a norm of matrices: `|x| |x⁻¹|`, in the 2-norm (the default; any m x n) the largest singular
 * value over the least. Infinity for singular matrices in the 2-norm.
 * @throws ArgumentError for an `ord` that `norm` does not have, ShapeError unless x is square (all but the 2-norm).
 */
export const cond = (x: TensorLike, options: { readonly ord?: MatrixOrder } = {}): Tensor =>
  composite('linalg.cond', () => {
    const { ord = 2 } = checkedOptions('linalg.cond', options, ['ord']);
    const value = asFloat(x);
    if (ord === 2 || ord === -2) {
      const { s } = svd(value);
      const [largest, least] = [max(s, { axis: -1 }), min(s, { axis: -1 })];
      // Also where both are 0.
      return ord === 2 ? where(least.equal(0), Number.POSITIVE_INFINITY, largest.div(least)) : least.div(largest);
    }
    const matrix = squareMatrices('cond', value);
    return matrixNorm(matrix, ord).mul(matrixNorm(inv(matrix), ord));
  });
