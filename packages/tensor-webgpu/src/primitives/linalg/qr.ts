import { qrRoutine } from '../../backends/wasm/routines/qr.ts';
import type { TypedArray } from '../../dtype/dtype.ts';
import type { Lax } from '../../program/lax.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { bind } from '../../trace/bind.ts';
import { adjoint, checkMatrices, matmul, strictlyLower } from './matrix.ts';
import { triangularSolve } from './triangularSolve.ts';

/** Householder reflections: `work` (m x n, a copy of A) becomes R above its diagonal; `q` (m x k) receives Q. */
function householder(work: TypedArray, q: TypedArray, m: number, n: number): void {
  const k = Math.min(m, n);
  const vectors: Float64Array[] = [];
  for (let c = 0; c < k; c++) {
    const v = new Float64Array(m);
    for (let i = c; i < m; i++) v[i] = work[i * n + c];
    // Of size 1 first, so that no square overflows or vanishes: the reflection does not depend on the length of v.
    const size = v.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    if (size > 0) for (let i = c; i < m; i++) v[i] /= size;
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    v[c] += v[c] >= 0 ? norm : -norm;
    const square = v.reduce((sum, x) => sum + x * x, 0);
    if (square > 0) v.forEach((x, i) => (v[i] = x / Math.sqrt(square)));
    vectors.push(v);
    reflect(work, n, v, c, m);
  }
  for (let i = 0; i < k; i++) q[i * k + i] = 1;
  for (let c = k - 1; c >= 0; c--) reflect(q, k, vectors[c], c, m);
  for (let c = 0; c < k; c++) {
    // Signs such that the diagonal of R is not negative make the factors unique.
    if (work[c * n + c] < 0) {
      for (let j = 0; j < n; j++) work[c * n + j] *= -1;
      for (let i = 0; i < m; i++) q[i * k + c] *= -1;
    }
  }
}

/**
 * Applies `I - 2 v vᵀ` to the rows from `first` of a matrix of `columns` columns. The columns before `first` have zeros there, or
 * what the factors do not use.
 */
function reflect(a: TypedArray, columns: number, v: Float64Array, first: number, m: number): void {
  for (let j = first; j < columns; j++) {
    let projection = 0;
    for (let i = first; i < m; i++) projection += v[i] * a[i * columns + j];
    for (let i = first; i < m; i++) a[i * columns + j] -= 2 * projection * v[i];
  }
}

const columnsOf = (lax: Lax, a: Value, from: number, to: number): Value =>
  lax.slice(
    a,
    a.shape.map((_, axis) => (axis === a.shape.length - 1 ? from : 0)),
    a.shape.map((extent, axis) => (axis === a.shape.length - 1 ? to : extent)),
  );

/** dQ and dR of at least as many rows as columns. */
function alongTall(lax: Lax, q: Value, r: Value, da: Value): [dq: Value, dr: Value] {
  const x = triangularSolve(r, da, { leftSide: false, lower: false, transpose: false, unitDiagonal: false });
  const m = matmul(lax, adjoint(lax, q), x);
  const below = strictlyLower(lax, m);
  const upper = lax.add(lax.sub(m, below), adjoint(lax, below));
  return [lax.sub(x, matmul(lax, q, upper)), matmul(lax, upper, r)];
}

/**
 * The reduced factors `A = Q R` of each of a stack of m x n matrices: Q (m x k) with orthonormal columns, R
 * (k x n) upper triangular with a diagonal that is not negative, k = min(m, n).
 * Derivative, for full rank of the leading k columns, which alone decide Q: for m >= n, with `M = Qᵀ dA R⁻¹` and `W = tril(M, -1) - tril(M, -1)ᵀ`:
 * `dR = (M - W) R`, `dQ = dA R⁻¹ - Q (M - W)` (Walter and Lehmann, "Algorithmic differentiation of linear
 * algebra functions", 2012).
 */
export const qrPrimitive: Primitive = {
  name: 'qr',
  kind: 'opaque',
  lowering: { as: 'call', code: [qrRoutine] },
  shape([a]) {
    const { rows, columns, batch } = checkMatrices('qr', a, 'any');
    const k = Math.min(rows, columns);
    return [
      { shape: [...batch, rows, k], dtype: a.dtype },
      { shape: [...batch, k, columns], dtype: a.dtype },
    ];
  },
  jvp(lax, inputs, [da], params) {
    const [q, r] = bind(qrPrimitive, inputs, params);
    if (!da) return { outputs: [q, r], tangents: [null, null] };
    const { rows, columns } = matrixStack(da);
    if (rows >= columns) {
      const [dq, dr] = alongTall(lax, q, r, da);
      return { outputs: [q, r], tangents: [dq, dr] };
    }
    // The leading square decides Q; the other columns of R are Qᵀ times those of A.
    const [dLeft, dRight] = [columnsOf(lax, da, 0, rows), columnsOf(lax, da, rows, columns)];
    const [dq, dr] = alongTall(lax, q, columnsOf(lax, r, 0, rows), dLeft);
    const turned = matmul(lax, matmul(lax, adjoint(lax, dq), q), columnsOf(lax, r, rows, columns));
    const rest = lax.add(turned, matmul(lax, adjoint(lax, q), dRight));
    return { outputs: [q, r], tangents: [dq, lax.concat([dr, rest], r.shape.length - 1)] };
  },
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(qrPrimitive, inputs, params),
    batched: [true, true],
  }),
  evaluate([a], _params, outputs) {
    const { count, rows: m, columns: n } = matrixStack(a);
    const k = Math.min(m, n);
    const q = refData(a.dtype, count * m * k);
    const r = refData(a.dtype, count * k * n);
    for (let b = 0; b < count; b++) {
      const work = a.data.slice(b * m * n, (b + 1) * m * n);
      householder(work, q.subarray(b * m * k, (b + 1) * m * k), m, n);
      for (let i = 0; i < k; i++) for (let j = i; j < n; j++) r[(b * k + i) * n + j] = work[i * n + j];
    }
    return [q, r].map((data, i) => refArray(outputs[i].shape, outputs[i].dtype, data));
  },
};

export function qr(a: Value): [q: Value, r: Value] {
  const [q, r] = bind(qrPrimitive, [a], {});
  return [q, r];
}
