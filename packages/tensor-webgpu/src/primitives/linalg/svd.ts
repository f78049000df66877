import type { Primitive, Tangent } from '../../program/primitive.ts';
import { refArray, refData } from '../../program/refArray.ts';
import { range, type Shape } from '../../shape/shape.ts';
import { bind } from '../../trace/bind.ts';
import type { Value } from '../../trace/value.ts';
import type { Lax } from '../lax.ts';
import {
  adjoint,
  alongColumns,
  alongRows,
  checkMatrices,
  diagonalOf,
  epsilonOf,
  inverseGaps,
  matmul,
  matrixStack,
} from './matrix.ts';
import { singularRows } from './singularValues.ts';

/** `1 / x` for x of the shape [B…, …], and 0 where x is 0 beside the largest s [B…, k] within rounding. */
function inverseOrZero(lax: Lax, x: Value, s: Value): Value {
  const last = s.shape.length - 1;
  const rounding = lax.mul(lax.reduceMax(lax.stopGradient(s), [last]), 8 * s.shape[last] * epsilonOf(s.dtype));
  const zero = lax.le(x, lax.broadcastInDim(rounding, x.shape, range(0, last)));
  return lax.select(zero, 0, lax.div(1, lax.select(zero, 1, x)));
}

/** `1 / (s[i] + s[j])`, and 0 where both are 0. */
const inverseSums = (lax: Lax, s: Value, shape: Shape): Value =>
  inverseOrZero(lax, lax.add(alongRows(lax, s, shape), alongColumns(lax, s, shape)), s);

/** The part of `change` (m x k) outside the span of the orthonormal columns of `basis`, over the singular values. */
function outside(lax: Lax, basis: Value, change: Value, s: Value): Value {
  const rest = lax.sub(change, matmul(lax, basis, matmul(lax, adjoint(lax, basis), change)));
  return lax.mul(rest, alongRows(lax, inverseOrZero(lax, s, s), rest.shape));
}

function alongFactors(lax: Lax, u: Value, s: Value, vt: Value, da: Value): Tangent[] {
  const { rows: m, columns: n } = matrixStack(da);
  const k = Math.min(m, n);
  const v = adjoint(lax, vt);
  const toRight = matmul(lax, da, v);
  const p = matmul(lax, adjoint(lax, u), toRight);
  const turned = adjoint(lax, p);
  // Rotations of U and V within the span of the factors: their sum has the gaps, their difference the sums of singular values.
  const together = lax.mul(lax.add(p, turned), inverseGaps(lax, s));
  const apart = lax.mul(lax.sub(p, turned), inverseSums(lax, s, p.shape));
  let du = matmul(lax, u, lax.mul(lax.add(together, apart), 0.5));
  let dv = matmul(lax, v, lax.mul(lax.sub(together, apart), 0.5));
  if (m > k) du = lax.add(du, outside(lax, u, toRight, s));
  if (n > k) dv = lax.add(dv, outside(lax, v, matmul(lax, adjoint(lax, da), u), s));
  return [du, diagonalOf(lax, p), adjoint(lax, dv)];
}

/**
 * The reduced factors `A = U diag(s) Vᵀ` of each of a stack of m x n matrices: U (m x k), s (k, largest
 * first), Vᵀ (k x n), k = min(m, n).
 *
 * Derivatives, with `P = Uᵀ dA V`: `ds = diag(P)`, `dU = U Ω + (I - U Uᵀ) dA V S⁻¹`, `dV = V Φ + (I - V Vᵀ) dAᵀ U S⁻¹`,
 * `(Ω + Φ)[i, j] = (P + Pᵀ)[i, j] / (s[j] - s[i])`, `(Ω - Φ)[i, j] = (P - Pᵀ)[i, j] / (s[i] + s[j])`
 * (Townsend, "Differentiating the singular value decomposition", 2016, in sum and difference).
 * Where two singular values agree within rounding `Ω + Φ` is 0, and so is `S⁻¹` where one is 0: derivatives
 * stay finite, and first derivatives are right for functions that do not depend on the basis within a repeated
 * singular value's space, such as the nearest orthogonal matrix `U Vᵀ`.
 */
export const svdPrimitive: Primitive = {
  name: 'svd',
  kind: 'opaque',
  shape([a]) {
    const { rows, columns, batch } = checkMatrices('svd', a, 'any');
    const k = Math.min(rows, columns);
    return [[rows, k], [k], [k, columns]].map((shape) => ({ shape: [...batch, ...shape], dtype: a.dtype }));
  },
  jvp(lax, inputs, [da], params) {
    const [u, s, vt] = bind(svdPrimitive, inputs, params);
    return { outputs: [u, s, vt], tangents: da ? alongFactors(lax, u, s, vt, da) : [null, null, null] };
  },
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(svdPrimitive, inputs, params),
    batched: [true, true, true],
  }),
  evaluate([a], _params, outputs) {
    const { count, rows: m, columns: n } = matrixStack(a);
    const k = Math.min(m, n);
    const long = Math.max(m, n);
    const [u, s, vt] = [refData(a.dtype, count * m * k), refData(a.dtype, count * k), refData(a.dtype, count * k * n)];
    for (let b = 0; b < count; b++) {
      // The k shorter lines of the matrix, as rows; for a wide matrix left and right change places.
      const lines = new Float64Array(k * long);
      for (let i = 0; i < k; i++)
        for (let j = 0; j < long; j++) lines[i * long + j] = a.data[b * m * n + (m >= n ? j * n + i : i * n + j)];
      const { values, left, right } = singularRows(lines, long, k);
      const [uRows, vRows] = m >= n ? [left, right] : [right, left];
      s.set(values, b * k);
      vt.set(vRows, b * k * n);
      for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) u[(b * m + i) * k + j] = uRows[j * m + i];
    }
    return [u, s, vt].map((data, i) => refArray(outputs[i].shape, outputs[i].dtype, data));
  },
};

export function svd(a: Value): [u: Value, s: Value, vt: Value] {
  const [u, s, vt] = bind(svdPrimitive, [a], {});
  return [u, s, vt];
}
