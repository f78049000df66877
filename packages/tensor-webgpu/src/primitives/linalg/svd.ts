import { svdRoutine } from '../../backends/wasm/routines/svd.ts';
import type { Lax } from '../../program/lax.ts';
import type { JvpResult, Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { bind } from '../../trace/bind.ts';
import {
  adjoint,
  alongColumns,
  alongRows,
  checkMatrices,
  diagonalOf,
  gapsOf,
  inverseGaps,
  inverseUnless,
  matmul,
  repeatsOf,
  roundingOf,
} from './matrix.ts';
import { singularRows } from './singularValues.ts';

/** How the factors move. */
interface Motion {
  /** `1 / (s[j] - s[i])`, `1 / (s[i] + s[j])` and `1 / s[i]`, with 0 where they are not counted. */
  readonly gaps: Value;
  readonly sums: Value;
  readonly values: Value;
}

/** The motion of U and of Vᵀ along dA, with `P = Uᵀ dA V`. */
function motionOf(lax: Lax, [u, vt]: readonly [Value, Value], da: Value, p: Value, by: Motion): [Value, Value] {
  const { rows: m, columns: n } = matrixStack(da);
  const k = Math.min(m, n);
  const v = adjoint(lax, vt);
  const turned = adjoint(lax, p);
  // Rotations of U and V within the span of the factors: their sum has the gaps, their difference the sums of singular values.
  const together = lax.mul(lax.add(p, turned), by.gaps);
  const apart = lax.mul(lax.sub(p, turned), by.sums);
  let du = matmul(lax, u, lax.mul(lax.add(together, apart), 0.5));
  let dv = matmul(lax, v, lax.mul(lax.sub(together, apart), 0.5));
  if (m > k) du = lax.add(du, outside(lax, u, matmul(lax, da, v), by.values));
  if (n > k) dv = lax.add(dv, outside(lax, v, matmul(lax, adjoint(lax, da), u), by.values));
  return [du, adjoint(lax, dv)];
}

/** The part of `change` (m x k) outside the span of the orthonormal columns of `basis`, over the singular values. */
function outside(lax: Lax, basis: Value, change: Value, inverse: Value): Value {
  const rest = lax.sub(change, matmul(lax, basis, matmul(lax, adjoint(lax, basis), change)));
  return lax.mul(rest, alongRows(lax, inverse, rest.shape));
}

function alongFactors(lax: Lax, u: Value, s: Value, vt: Value, da: Value): Pick<JvpResult, 'tangents' | 'limit'> {
  const p = matmul(lax, adjoint(lax, u), matmul(lax, da, adjoint(lax, vt)));
  const sums = lax.add(alongRows(lax, s, p.shape), alongColumns(lax, s, p.shape));
  const noSum = lax.le(sums, roundingOf(lax, s, p.shape));
  const zero = lax.le(s, roundingOf(lax, s, s.shape));
  const [du, dvt] = motionOf(lax, [u, vt], da, p, {
    gaps: inverseGaps(lax, s),
    sums: inverseUnless(lax, noSum, sums),
    values: inverseUnless(lax, zero, s),
  });
  // Repeated values are taken apart by their places; zeros by places that are positive, so that sums are too.
  const { same, places } = repeatsOf(lax, s, -1);
  const last = s.shape.length - 1;
  const fromEnd = lax.cast(lax.sub(s.shape[last], lax.iota(s.shape, last, 'i32')), s.dtype);
  const shifts = lax.select(zero, fromEnd, places);
  const shiftGaps = gapsOf(lax, shifts, p.shape);
  const shiftSums = lax.add(alongRows(lax, shifts, p.shape), alongColumns(lax, shifts, p.shape));
  const poles: Motion = {
    gaps: inverseUnless(lax, lax.or(lax.not(same), lax.eq(shiftGaps, 0)), shiftGaps),
    sums: inverseUnless(lax, lax.or(lax.not(noSum), lax.eq(shiftSums, 0)), shiftSums),
    values: inverseUnless(lax, lax.not(zero), shifts),
  };
  // 1 / (x + ε c) to the second order in 1 / ε.
  const second = (inverse: Value, x: Value): Value => lax.neg(lax.mul(lax.mul(inverse, inverse), x));
  const [uPole, vtPole] = motionOf(lax, [u, vt], da, p, poles);
  const [uDouble, vtDouble] = motionOf(lax, [u, vt], da, p, {
    gaps: second(poles.gaps, gapsOf(lax, s, p.shape)),
    sums: second(poles.sums, sums),
    values: second(poles.values, s),
  });
  return {
    tangents: [du, diagonalOf(lax, p), dvt],
    limit: { shifts: [null, shifts, null], poles: [uPole, null, vtPole], doublePoles: [uDouble, null, vtDouble] },
  };
}

/**
 * The reduced factors `A = U diag(s) Vᵀ` of each of a stack of m x n matrices: U (m x k), s (k, largest
 * first), Vᵀ (k x n), k = min(m, n).
 *
 * Derivatives, with `P = Uᵀ dA V`: `ds = diag(P)`, `dU = U Ω + (I - U Uᵀ) dA V S⁻¹`, `dV = V Φ + (I - V Vᵀ) dAᵀ U S⁻¹`,
 * `(Ω + Φ)[i, j] = (P + Pᵀ)[i, j] / (s[j] - s[i])`, `(Ω - Φ)[i, j] = (P - Pᵀ)[i, j] / (s[i] + s[j])`
 * (Townsend, "Differentiating the singular value decomposition", 2016, in sum and difference).
 * Where singular values agree within rounding, or are 0, they are taken apart by ε times the numbers `shifts`, in the limit
 * of small ε. In what does not depend on the choice of vectors, such as `U S Vᵀ`, the poles of dU and dV cancel and leave
 * its derivative; in what does, they count as 0, so that all derivatives are finite.
 */
export const svdPrimitive: Primitive = {
  name: 'svd',
  kind: 'opaque',
  lowering: { as: 'call', code: [svdRoutine] },
  shape([a]) {
    const { rows, columns, batch } = checkMatrices('svd', a, 'any');
    const k = Math.min(rows, columns);
    return [[rows, k], [k], [k, columns]].map((shape) => ({ shape: [...batch, ...shape], dtype: a.dtype }));
  },
  jvp(lax, inputs, [da], params) {
    const [u, s, vt] = bind(svdPrimitive, inputs, params);
    if (!da) return { outputs: [u, s, vt], tangents: [null, null, null] };
    return { outputs: [u, s, vt], ...alongFactors(lax, u, s, vt, da) };
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
