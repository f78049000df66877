import { choleskyRoutine } from '../../backends/wasm/routines/cholesky.ts';
import type { TypedArray } from '../../dtype/dtype.ts';
import type { Lax } from '../../program/lax.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { bind } from '../../trace/bind.ts';
import { checkMatrices, lowerTriangle, matmul, symmetricPart } from './matrix.ts';
import { triangularSolve } from './triangularSolve.ts';

/** The lower triangle with its diagonal halved. */
function halfLower(lax: Lax, a: Value): Value {
  const rank = a.shape.length;
  const onDiagonal = lax.eq(lax.iota(a.shape, rank - 2, 'i32'), lax.iota(a.shape, rank - 1, 'i32'));
  return lowerTriangle(lax, lax.select(onDiagonal, lax.mul(a, 0.5), a));
}

/** The pivot, not positive, at which a factorization ended. */
export interface PivotFault {
  readonly order: number;
  readonly pivot: number;
}

/**
 * One factor, in `out`; the symmetric part of `a` counts. A matrix that is not positive definite has none: the pivot that
 * says so is returned, and the lower triangle becomes NaN.
 */
export function choleskyFactor(a: TypedArray, out: TypedArray, n: number): PivotFault | null {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = 0.5 * (a[i * n + j] + a[j * n + i]);
      for (let k = 0; k < j; k++) sum -= out[i * n + k] * out[j * n + k];
      if (i > j) {
        out[i * n + j] = sum / out[j * n + j];
        continue;
      }
      if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) {
        for (let row = 0; row < n; row++) out.fill(Number.NaN, row * n, row * n + row + 1);
        return { order: j + 1, pivot: sum };
      }
      out[j * n + j] = Math.sqrt(sum);
    }
  }
  return null;
}

/**
 * The lower triangular L with `L Lᵀ = (A + Aᵀ) / 2`, for each of a stack of matrices; NaN for those that are not positive
 * definite, which leaves the others alone.
 * Derivative: `dL = L Φ(L⁻¹ dA L⁻ᵀ)`, Φ taking the lower triangle with half the diagonal
 * (Murray, "Differentiation of the Cholesky decomposition", 2016, eq. 8).
 */
export const choleskyPrimitive: Primitive = {
  name: 'cholesky',
  kind: 'opaque',
  lowering: { as: 'call', code: [choleskyRoutine] },
  shape([a]) {
    checkMatrices('cholesky', a, 'square');
    return [{ shape: a.shape, dtype: a.dtype }];
  },
  jvp(lax, inputs, [da], params) {
    const [l] = bind(choleskyPrimitive, inputs, params);
    if (!da) return { outputs: [l], tangents: [null] };
    const options = { lower: true, unitDiagonal: false };
    const left = triangularSolve(l, symmetricPart(lax, da), { ...options, leftSide: true, transpose: false });
    const both = triangularSolve(l, left, { ...options, leftSide: false, transpose: true });
    return { outputs: [l], tangents: [matmul(lax, l, halfLower(lax, both))] };
  },
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(choleskyPrimitive, inputs, params),
    batched: [true],
  }),
  evaluate([a], _params, [output]) {
    const { count, rows: n } = matrixStack(a);
    const out = refData(a.dtype, a.data.length);
    for (let b = 0; b < count; b++)
      choleskyFactor(a.data.subarray(b * n * n, (b + 1) * n * n), out.subarray(b * n * n, (b + 1) * n * n), n);
    return [refArray(output.shape, output.dtype, out)];
  },
};

export const cholesky = (a: Value): Value => bind(choleskyPrimitive, [a], {})[0];
