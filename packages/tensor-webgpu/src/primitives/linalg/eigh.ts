import { eighRoutine } from '../../backends/wasm/routines/eigh.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { bind } from '../../trace/bind.ts';
import {
  adjoint,
  checkMatrices,
  diagonalOf,
  gapsOf,
  inverseGaps,
  inverseUnless,
  matmul,
  repeatsOf,
  symmetricPart,
} from './matrix.ts';
import { symmetricEigen, symmetricPartAt } from './symmetricEigen.ts';

/**
 * Eigenvalues w (ascending, [B…, n]) and eigenvectors (the columns of V) of the symmetric part of each of a
 * stack of matrices: `(A + Aᵀ) / 2 = V diag(w) Vᵀ`.
 *
 * Derivatives, with `M = Vᵀ dA V`: `dw = diag(M)`, `dV = V (F ∘ M)`, `F[i, j] = 1 / (w[j] - w[i])`
 * (Giles, "Collected matrix derivative results", 2008, 3.1). Where eigenvalues agree within rounding they are taken apart by
 * ε times their places c, in the limit of small ε: F is `1 / (c[j] - c[i]) / ε` there, the pole of dV. In what does not
 * depend on the choice of eigenvectors, such as `V f(w) Vᵀ`, the poles cancel and leave its derivative; in what does, they
 * count as 0, so that all derivatives are finite.
 */
export const eighPrimitive: Primitive = {
  name: 'eigh',
  kind: 'opaque',
  lowering: { as: 'call', code: [eighRoutine] },
  shape([a]) {
    const { rows, batch } = checkMatrices('eigh', a, 'square');
    return [
      { shape: [...batch, rows], dtype: a.dtype },
      { shape: a.shape, dtype: a.dtype },
    ];
  },
  jvp(lax, inputs, [da], params) {
    const [w, v] = bind(eighPrimitive, inputs, params);
    if (!da) return { outputs: [w, v], tangents: [null, null] };
    const m = matmul(lax, adjoint(lax, v), matmul(lax, symmetricPart(lax, da), v));
    const { same, places } = repeatsOf(lax, w);
    const apart = gapsOf(lax, places, m.shape);
    const inverse = inverseUnless(lax, lax.or(lax.not(same), lax.eq(apart, 0)), apart);
    const turn = lax.mul(m, inverse);
    // 1 / (w[j] - w[i] + ε (c[j] - c[i])) to the second order in 1 / ε.
    const doubleTurn = lax.mul(turn, lax.neg(lax.mul(inverse, gapsOf(lax, w, m.shape))));
    return {
      outputs: [w, v],
      tangents: [diagonalOf(lax, m), matmul(lax, v, lax.mul(inverseGaps(lax, w), m))],
      limit: {
        shifts: [places, null],
        poles: [null, matmul(lax, v, turn)],
        doublePoles: [null, matmul(lax, v, doubleTurn)],
      },
    };
  },
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(eighPrimitive, inputs, params),
    batched: [true, true],
  }),
  evaluate([a], _params, outputs) {
    const { count, rows: n } = matrixStack(a);
    const w = refData(a.dtype, count * n);
    const v = refData(a.dtype, a.data.length);
    for (let b = 0; b < count; b++) {
      const { values, vectors } = symmetricEigen(symmetricPartAt(a.data, b, n), n);
      w.set(values, b * n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) v[(b * n + i) * n + j] = vectors[j * n + i];
    }
    return [w, v].map((data, i) => refArray(outputs[i].shape, outputs[i].dtype, data));
  },
};

export function eigh(a: Value): [w: Value, v: Value] {
  const [w, v] = bind(eighPrimitive, [a], {});
  return [w, v];
}
