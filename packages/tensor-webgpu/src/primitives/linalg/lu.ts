import { luRoutine } from '../../backends/wasm/routines/lu.ts';
import type { TypedArray } from '../../dtype/dtype.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { bind } from '../../trace/bind.ts';
import { checkMatrices, matmul, strictlyLower, upperTriangle } from './matrix.ts';
import { triangularSolve } from './triangularSolve.ts';

/** Gaussian elimination in place, the largest element of each column on the diagonal. */
function eliminate(a: TypedArray, pivots: TypedArray, permutation: TypedArray, n: number): void {
  for (let i = 0; i < n; i++) permutation[i] = i;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[best * n + k])) best = i;
    pivots[k] = best;
    if (best !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[best * n + j]] = [a[best * n + j], a[k * n + j]];
      [permutation[k], permutation[best]] = [permutation[best], permutation[k]];
    }
    const pivot = a[k * n + k];
    // A column of zeros leaves nothing to eliminate: the factor U then shows the zero pivot.
    if (pivot === 0) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / pivot;
      a[i * n + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
}

/**
 * `A[permutation] = L U` with partial pivoting, for each of a stack of square matrices. Outputs: L (unit
 * diagonal, not stored) and U packed in one matrix; `pivots`, the row that row k was exchanged with at step k
 * (i32); the permutation of the rows (i32).
 * Derivative with `M = L⁻¹ dA[permutation] U⁻¹`: `dL = L tril(M, -1)`, `dU = triu(M) U`.
 */
export const luPrimitive: Primitive = {
  name: 'lu',
  kind: 'opaque',
  lowering: { as: 'call', code: [luRoutine] },
  shape([a]) {
    const { rows, batch } = checkMatrices('lu', a, 'square');
    const order = { shape: [...batch, rows], dtype: 'i32' } as const;
    return [{ shape: a.shape, dtype: a.dtype }, order, order];
  },
  jvp(lax, inputs, [da], params) {
    const [lu, pivots, permutation] = bind(luPrimitive, inputs, params);
    if (!da) return { outputs: [lu, pivots, permutation], tangents: [null, null, null] };
    const moved = lax.gather(da, permutation, da.shape.length - 2);
    const left = triangularSolve(lu, moved, { leftSide: true, lower: true, transpose: false, unitDiagonal: true });
    const m = triangularSolve(lu, left, { leftSide: false, lower: false, transpose: false, unitDiagonal: false });
    const below = strictlyLower(lax, m);
    // L times its change: the unit diagonal of L gives the change itself.
    const dl = lax.add(below, matmul(lax, strictlyLower(lax, lu), below));
    const du = matmul(lax, upperTriangle(lax, m), upperTriangle(lax, lu));
    return { outputs: [lu, pivots, permutation], tangents: [lax.add(dl, du), null, null] };
  },
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(luPrimitive, inputs, params),
    batched: [true, true, true],
  }),
  evaluate([a], _params, outputs) {
    const { count, rows: n } = matrixStack(a);
    const lu = refData(a.dtype, a.data.length);
    lu.set(a.data);
    const pivots = refData('i32', count * n);
    const permutation = refData('i32', count * n);
    for (let b = 0; b < count; b++) {
      const order = (data: TypedArray): TypedArray => data.subarray(b * n, (b + 1) * n);
      eliminate(lu.subarray(b * n * n, (b + 1) * n * n), order(pivots), order(permutation), n);
    }
    return [lu, pivots, permutation].map((data, i) => refArray(outputs[i].shape, outputs[i].dtype, data));
  },
};

export function lu(a: Value): [lu: Value, pivots: Value, permutation: Value] {
  const [packed, pivots, permutation] = bind(luPrimitive, [a], {});
  return [packed, pivots, permutation];
}
