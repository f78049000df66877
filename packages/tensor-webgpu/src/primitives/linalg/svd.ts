import type { Primitive, Tangent } from '../../program/primitive.ts';
import { refArray, refData } from '../../program/refArray.ts';
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

/** `1 / s`, and 0 where s is 0 within rounding. */
function inverseOrZero(lax: Lax, s: Value): Value {
  const last = s.shape.length - 1;
  const largest = lax.reduceMax(lax.stopGradient(s), [last]);
  const rounding = lax.mul(largest, 8 * s.shape[last] * epsilonOf(s.dtype));
  const zero = lax.le(
    s,
    lax.broadcastInDim(
      rounding,
      s.shape,
      s.shape.slice(0, -1).map((_, i) => i),
    ),
  );
  return lax.select(zero, 0, lax.div(1, lax.select(zero, 1, s)));
}

/** The part of `change` (m x k) outside the span of the orthonormal columns of `basis`, over the singular values. */
function outside(lax: Lax, basis: Value, change: Value, s: Value): Value {
  const rest = lax.sub(change, matmul(lax, basis, matmul(lax, adjoint(lax, basis), change)));
  return lax.mul(rest, alongRows(lax, inverseOrZero(lax, s), rest.shape));
}

function alongFactors(lax: Lax, u: Value, s: Value, vt: Value, da: Value): Tangent[] {
  const { rows: m, columns: n } = matrixStack(da);
  const k = Math.min(m, n);
  const v = adjoint(lax, vt);
  const toRight = matmul(lax, da, v);
  const p = matmul(lax, adjoint(lax, u), toRight);
  const gaps = inverseGaps(lax, lax.mul(s, s));
  const ps = lax.mul(p, alongRows(lax, s, p.shape));
  const sp = lax.mul(p, alongColumns(lax, s, p.shape));
  let du = matmul(lax, u, lax.mul(gaps, lax.add(ps, adjoint(lax, ps))));
  let dv = matmul(lax, v, lax.mul(gaps, lax.add(sp, adjoint(lax, sp))));
  if (m > k) du = lax.add(du, outside(lax, u, toRight, s));
  if (n > k) dv = lax.add(dv, outside(lax, v, matmul(lax, adjoint(lax, da), u), s));
  return [du, diagonalOf(lax, p), adjoint(lax, dv)];
}

/**
 * The reduced factors `A = U diag(s) Vᵀ` of each of a stack of m x n matrices: U (m x k), s (k, largest
 * first), Vᵀ (k x n), k = min(m, n).
 *
 * Derivatives, with `P = Uᵀ dA V`: `ds = diag(P)`, `dU = U (F ∘ (P S + S Pᵀ)) + (I - U Uᵀ) dA V S⁻¹`, and so
 * for V, `F[i, j] = 1 / (s[j]² - s[i]²)` (Townsend, "Differentiating the singular value decomposition", 2016).
 * Where two singular values agree within rounding F is 0, and so is `S⁻¹` where one is 0: derivatives stay
 * finite, and are right for functions that do not depend on the basis within a repeated singular value's space.
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
      const lines = Float64Array.from({ length: k * long }, (_, at) => {
        const [i, j] = [Math.floor(at / long), at % long];
        return a.data[b * m * n + (m >= n ? j * n + i : i * n + j)];
      });
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
