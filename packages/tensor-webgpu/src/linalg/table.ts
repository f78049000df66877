import { eye } from '../ops/creation.ts';
import { matrixTranspose } from '../ops/reshape.ts';
import { example, type OpEntry, ulps } from '../ops/table/entry.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { det, slogdet } from './determinant.ts';
import { expm } from './expm.ts';
import { cholesky, eigh, qr, svd } from './factorizations.ts';
import { lu } from './lu.ts';
import { cond, norm } from './norm.ts';
import { logm, matrixPower, powm, sqrtm } from './powers.ts';
import { lstsq, matrixRank, pinv } from './pseudoinverse.ts';
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

/** Twice the identity in the leading rows or columns: added, it keeps singular values away from zero. */
const embedded = (x: Tensor): Tensor => {
  const [m, n] = x.shape.slice(-2);
  return eye(m, n, { dtype: x.dtype, device: x.device?.name }).mul(2);
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
  entry('linalg.qr, r of wide ones', 'x = q r', (x) => qr(x.add(embedded(x).mul(2))).r, [[2, 2, 4]]),
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
  entry('linalg.lu, l', 'x[permutation] = l u', (x) => lu(regular(x)).l, [SQUARE]),
  entry('linalg.lu, u', 'x[permutation] = l u', (x) => lu(regular(x)).u, [SQUARE]),
  entry('linalg.pinv, tall', '(xᵀ x)⁻¹ xᵀ', (x) => pinv(x), [[2, 4, 2]], { ulp: ulps(1024) }),
  entry('linalg.pinv, wide', 'xᵀ (x xᵀ)⁻¹', (x) => pinv(x), [[2, 4]], { ulp: ulps(1024) }),
  entry(
    'linalg.pinv, of rank 2',
    'v diag(1/s) uᵀ',
    (x, y) => pinv(x.add(embedded(x)).matmul(y.add(embedded(y))), { rcond: 1e-3 }),
    [
      [4, 2],
      [2, 3],
    ],
    { ulp: ulps(256) },
  ),
  entry('linalg.lstsq', 'pinv(a) b', (a, b) => lstsq(a.add(embedded(a)), b).x, [[2, 4, 2], [4]], { ulp: ulps(256) }),
  entry('linalg.lstsq, residuals', '|a x - b|²', (a, b) => lstsq(a.add(embedded(a)), b).residuals, [
    [4, 2],
    [4, 3],
  ]),
  entry('linalg.matrixRank', 'how many s > 0', (x) => matrixRank(x), [[3, 4, 2]], { order: 0 }),
  entry('linalg.matrixPower', 'x⁵', (x) => matrixPower(x, 5), [SQUARE]),
  entry('linalg.matrixPower, negative', 'x⁻³', (x) => matrixPower(regular(x), -3), [SQUARE]),
  entry('linalg.norm', '√Σ x²', (x) => norm(x), [[3, 4]]),
  ...([1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, -2, 'fro', 'nuc'] as const).map((ord) =>
    entry(`linalg.norm of matrices, ord ${ord}`, 'a norm', (x) => norm(x, { ord, axis: [-2, 0] }), [[4, 3, 2]]),
  ),
  entry('linalg.norm of vectors', 'a norm', (x) => norm(x, { ord: 3, axis: 0, keepDims: true }), [[4, 3]]),
  entry('linalg.cond', 's₁ / s_k', (x) => cond(x.add(embedded(x))), [[2, 4, 3]], { ulp: ulps(256) }),
  entry('linalg.cond, ord 1', '|x| |x⁻¹|', (x) => cond(regular(x), { ord: 1 }), [SQUARE]),
  entry('linalg.expm', 'Σ xᵏ / k!', (x) => expm(x), [SQUARE]),
  entry('linalg.expm, symmetric', 'v eʷ vᵀ', (x) => expm(x, { symmetric: true }), [SQUARE]),
  entry('linalg.sqrtm', 'v √w vᵀ', (x) => sqrtm(positive(x)), [SQUARE]),
  entry('linalg.logm', 'v log w vᵀ', (x) => logm(positive(x)), [SQUARE]),
  entry('linalg.powm', 'v wᵖ vᵀ', (x) => powm(positive(x), -1.5), [SQUARE]),
];
