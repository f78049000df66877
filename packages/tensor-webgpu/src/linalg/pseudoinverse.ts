import { promoteTypes } from '../dtype/dtype.ts';
import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { composite, composites } from '../ops/composite.ts';
import { matmul } from '../ops/contraction.ts';
import { zeros } from '../ops/creation.ts';
import { asFloat, asTensors, castTo } from '../ops/operands.ts';
import { max, sum } from '../ops/reductions.ts';
import { expandDims, matrixTranspose, squeeze } from '../ops/reshape.ts';
import { lax } from '../primitives/lax.ts';
import { epsilonOf } from '../primitives/linalg/matrix.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { customJvp } from '../transforms/custom.ts';
import { svd } from './factorizations.ts';
import { matrices, sameBatch } from './matrices.ts';

export interface RankOptions {
  /** Singular values up to `rcond` times the largest count as zero (default: max(m, n) times the spacing of numbers at 1). */
  readonly rcond?: number;
}

/** The relative cutoff for matrices like `x`. Throws `ArgumentError` unless it is a number of at least 0. */
function cutoffOf(op: string, x: Tensor, { rcond }: RankOptions): number {
  if (rcond === undefined) return Math.max(...x.shape.slice(-2)) * epsilonOf(x.dtype);
  if (rcond >= 0 && rcond < 1) return rcond;
  throw new ArgumentError(`linalg.${op}: rcond must be a number from 0 to 1, got ${rcond}.`);
}

/** Which singular values (in descending order) count; none of a zero matrix do. */
const significant = (s: Tensor, rcond: number): Tensor => s.greater(max(s, { axis: -1, keepDims: true }).mul(rcond));

/** The pseudoinverse of matrices that are not empty. */
function pseudoinverse(rcond: number): (x: Tensor) => Tensor {
  const apply: (x: Tensor) => Tensor = customJvp(
    (x: Tensor): Tensor => {
      const { u, s, vt } = svd(x);
      const counts = significant(s, rcond);
      const inverse = lax.select(counts, lax.div(1, lax.select(counts, s, 1)), 0) as Tensor;
      return matmul(matrixTranspose(vt), matrixTranspose(u).mul(expandDims(inverse, -1)));
    },
    ([x], [dx]) => {
      // Written with matrices alone, so that it holds at repeated singular values and can be differentiated again.
      const p = apply(x);
      const [pt, dxt] = [matrixTranspose(p), matrixTranspose(dx)];
      const outsideColumns = matmul(p, matmul(pt, dxt.sub(matmul(matmul(dxt, x), p))));
      const outsideRows = matmul(dxt.sub(matmul(p, matmul(x, dxt))), matmul(pt, p));
      return [p, outsideColumns.add(outsideRows).sub(matmul(p, matmul(dx, p)))];
    },
  );
  return apply;
}

function pinvOf(op: string, x: Tensor, options: RankOptions): Tensor {
  const rcond = cutoffOf(op, x, options);
  if (x.size > 0) return pseudoinverse(rcond)(x);
  const [m, n] = x.shape.slice(-2);
  return zeros([...x.shape.slice(0, -2), n, m], { dtype: x.dtype, device: x.device?.name });
}

/**
 * The Moore-Penrose pseudoinverses P [..., n, m] of x [..., m, n]: `V diag(1/s) Uᵀ` over the singular values that count.
 * Derivative at constant rank (Golub and Pereyra 1973, eq. 4.12):
 * `dP = -P dx P + P Pᵀ dxᵀ (I - x P) + (I - P x) dxᵀ Pᵀ P`.
 * @throws ArgumentError for an `rcond` outside [0, 1).
 */
export const pinv = (x: TensorLike, options: RankOptions = {}): Tensor =>
  composite('linalg.pinv', () =>
    pinvOf('pinv', matrices('pinv', x), checkedOptions('linalg.pinv', options, ['rcond'])),
  );

/** How many singular values of x [..., m, n] count, as i32 [...]. */
export const matrixRank = (x: TensorLike, options: RankOptions = {}): Tensor =>
  composite('linalg.matrixRank', () => {
    checkedOptions('linalg.matrixRank', options, ['rcond']);
    const matrix = matrices('matrixRank', x);
    const rcond = cutoffOf('matrixRank', matrix, options);
    if (Math.min(...matrix.shape.slice(-2)) === 0) return zeros(matrix.shape.slice(0, -2), { dtype: 'i32' });
    const { s } = svd(matrix);
    return sum(significant(s, rcond), { axis: -1 });
  });

export interface LeastSquares {
  /** The x of least norm among those of least |a x - b|: [..., n] or [..., n, k]. */
  readonly x: Tensor;
  /** Σ (a x - b)² over the rows of each column of b: [...] or [..., k]. */
  readonly residuals: Tensor;
  /** The rank of a, i32 [...]. */
  readonly rank: Tensor;
  /** The singular values of a, in descending order. */
  readonly singularValues: Tensor;
}

/**
 * The x of least |a x - b| for a [..., m, n] of any rank, b [m] or [..., m, k]: `x = pinv(a) b`. Differentiable at
 * constant rank.
 * @throws ShapeError when the rows of a and b differ in number, ArgumentError for an `rcond` outside [0, 1).
 */
export function lstsq(a: TensorLike, b: TensorLike, options: RankOptions = {}): LeastSquares {
  checkedOptions('linalg.lstsq', options, ['rcond']);
  const [x, residuals, rank, singularValues] = composites('linalg.lstsq', () => {
    const [first, second] = asTensors([a, b]);
    const matrix = matrices('lstsq', first);
    const given = asFloat(second);
    const columns = given.ndim === 1 ? expandDims(given, -1) : given;
    if (columns.ndim < 2 || columns.shape[columns.ndim - 2] !== matrix.shape[matrix.ndim - 2] || matrix.size === 0) {
      throw new ShapeError(
        `linalg.lstsq: right-hand sides of shape ${showShape(given.shape)} do not fit matrices of shape ${showShape(matrix.shape)}. Expected a [..., m, n] that is not empty, with b [m] or [..., m, k].`,
      );
    }
    const dtype = promoteTypes(matrix.dtype, given.dtype);
    const [left, right] = sameBatch('lstsq', castTo(matrix, dtype), castTo(columns, dtype));
    const solution = matmul(pinvOf('lstsq', left, options), right);
    const rest = sum(matmul(left, solution).sub(right).square(), { axis: -2 });
    const { s } = svd(left);
    const found = sum(significant(s, cutoffOf('lstsq', left, options)), { axis: -1 });
    return given.ndim === 1 ? [squeeze(solution, -1), squeeze(rest, -1), found, s] : [solution, rest, found, s];
  });
  return { x, residuals, rank, singularValues };
}
