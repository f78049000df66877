import { eye } from '../ops/creation.ts';
import { matrixTranspose } from '../ops/reshape.ts';
import { example, type OpEntry, ulps } from '../ops/table/entry.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { det, slogdet } from './determinant.ts';
import { expm } from './expm.ts';
import { cholesky, eigh, qr, svd } from './factorizations.ts';
import { choleskySolve, inv, solve, triangularSolve } from './solve.ts';

/** A symmetric matrix, far from singular, of any square one. */
const positive = (x: Tensor): Tensor => {
  const n = x.shape[x.ndim - 1];
  return x
    .matmul(matrixTranspose(x))
    .mul(0.3)
    .add(eye(n, n, { dtype: x.dtype, device: x.device?.name }));
};

/** A matrix whose diagonal outweighs the rest. */
const regular = (x: Tensor): Tensor => {
  const n = x.shape[x.ndim - 1];
  return x.add(eye(n, n, { dtype: x.dtype, device: x.device?.name }).mul(5));
};

const SQUARE = [2, 3, 3];
const entry = (
  name: string,
  formula: string,
  apply: (...operands: Tensor[]) => Tensor,
  shapes: readonly (readonly number[])[],
  more: Partial<OpEntry> = {},
): OpEntry => ({
  name,
  formula,
  apply,
  examples: shapes.map((shape) => example(shape, [-1, 1])),
  // Backward stable on well-conditioned matrices: a modest multiple of the size.
  ulp: ulps(64),
  scale: 1,
  ...more,
});

/** Linear algebra with what is promised of it, in the form of the table of functions. */
export const linalgTable: readonly OpEntry[] = [
  entry('linalg.cholesky', 'x = L Lᵀ', (x) => cholesky(positive(x)), [SQUARE]),
  entry('linalg.triangularSolve', 'a⁻¹ b, a lower', (a, b) => triangularSolve(regular(a), b), [SQUARE, [2, 3, 2]]),
  entry(
    'linalg.triangularSolve, upper transposed',
    'a⁻ᵀ b, a upper',
    (a, b) => triangularSolve(regular(a), b, { lower: false, transpose: true }),
    [[3, 3], [3]],
  ),
  entry('linalg.solve', 'a⁻¹ b', (a, b) => solve(regular(a), b), [SQUARE, [3, 2]]),
  entry('linalg.choleskySolve', '(L Lᵀ)⁻¹ b', (a, b) => choleskySolve(cholesky(positive(a)), b), [[3, 3], [3]]),
  entry('linalg.inv', 'x⁻¹', (x) => inv(regular(x)), [SQUARE]),
  entry('linalg.det, 2 x 2', 'det x', det, [[4, 2, 2]]),
  entry('linalg.det, 3 x 3', 'det x', det, [[2, 3, 3]]),
  entry('linalg.det, 4 x 4', 'det x', (x) => det(regular(x)).mul(0.01), [[2, 4, 4]]),
  entry('linalg.slogdet', 'log |det x|', (x) => slogdet(regular(x)).logabsdet, [SQUARE]),
  entry('linalg.eigh, values', 'x v = w v', (x) => eigh(positive(x)).eigenvalues, [SQUARE]),
  entry(
    'linalg.eigh, projector',
    'v vᵀ of the largest w',
    (x) => {
      const v = eigh(positive(x)).eigenvectors.slice('...', [-1, null]);
      return v.matmul(matrixTranspose(v));
    },
    [SQUARE],
  ),
  entry('linalg.qr, r', 'x = q r', (x) => qr(regular(x)).r, [SQUARE]),
  entry('linalg.qr, q', 'x = q r', (x) => qr(regular(x)).q, [SQUARE]),
  entry('linalg.svd, values', 'x = u s vᵀ', (x) => svd(x).s, [[2, 4, 3]]),
  entry(
    'linalg.svd, nearest orthogonal',
    'u vᵀ',
    (x) => {
      const { u, vt } = svd(regular(x));
      return u.matmul(vt);
    },
    [SQUARE],
  ),
  entry('linalg.expm', 'Σ xᵏ / k!', expm, [SQUARE]),
];
