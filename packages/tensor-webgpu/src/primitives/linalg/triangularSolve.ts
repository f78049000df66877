import { triangularSolveRoutine } from '../../backends/wasm/routines/triangular-solve.ts';
import type { TypedArray } from '../../dtype/dtype.ts';
import { ShapeError } from '../../errors/errors.ts';
import type { Lax } from '../../program/lax.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { sameShape, showShape } from '../../shape/shape.ts';
import { bind } from '../../trace/bind.ts';
import { repeatFirst } from '../elementwise.ts';
import { commonDType } from '../operand.ts';
import {
  adjoint,
  checkMatrices,
  lowerTriangle,
  matmul,
  strictlyLower,
  strictlyUpper,
  upperTriangle,
} from './matrix.ts';

export interface TriangularSolveParams {
  /** `op(A) X = B`, or `X op(A) = B` when false. */
  readonly leftSide: boolean;
  /** Which triangle of A counts; the other is not read. */
  readonly lower: boolean;
  /** `op(A)` is Aᵀ. */
  readonly transpose: boolean;
  /** The diagonal of A counts as ones and is not read. */
  readonly unitDiagonal: boolean;
}

/** The part of `a` that counts, as a matrix `op(a)`; of a tangent, whose diagonal is 0 where A's is fixed. */
function countedPart(lax: Lax, a: Value, { lower, transpose, unitDiagonal }: TriangularSolveParams): Value {
  const take = lower ? (unitDiagonal ? strictlyLower : lowerTriangle) : unitDiagonal ? strictlyUpper : upperTriangle;
  const part = take(lax, a);
  return transpose ? adjoint(lax, part) : part;
}

/**
 * Substitution over `n` unknown vectors of `width` elements: element j of vector i lies at
 * `i * stepVector + j * stepElement` of `x`, which holds the right side and receives the solution.
 */
function substitute(
  a: TypedArray,
  n: number,
  x: TypedArray,
  width: number,
  steps: readonly [number, number],
  params: TriangularSolveParams,
): void {
  const { leftSide, lower, transpose, unitDiagonal } = params;
  const [stepVector, stepElement] = steps;
  // X op(A) = B is op(A)ᵀ Xᵀ = Bᵀ.
  const flipped = transpose === leftSide;
  const forward = lower !== flipped;
  for (let at = 0; at < n; at++) {
    const i = forward ? at : n - 1 - at;
    for (let before = 0; before < at; before++) {
      const k = forward ? before : n - 1 - before;
      const factor = flipped ? a[k * n + i] : a[i * n + k];
      if (factor === 0) continue;
      for (
        let j = 0, to = i * stepVector, from = k * stepVector;
        j < width;
        j++, to += stepElement, from += stepElement
      ) {
        x[to] -= factor * x[from];
      }
    }
    if (unitDiagonal) continue;
    const pivot = a[i * n + i];
    for (let j = 0, to = i * stepVector; j < width; j++, to += stepElement) x[to] /= pivot;
  }
}

/**
 * Solves `op(A) X = B` or `X op(A) = B` with a triangular A, for each of a stack of matrices. Linear in B. A zero on the
 * diagonal divides as numbers do: that system gets infinities or NaN.
 */
export const triangularSolvePrimitive: Primitive = {
  name: 'triangularSolve',
  kind: 'opaque',
  lowering: { as: 'call', code: [triangularSolveRoutine] },
  shape([a, b], { leftSide }: TriangularSolveParams) {
    const dtype = commonDType('triangularSolve', [a, b]);
    const { rows: n, batch } = checkMatrices('triangularSolve', a, 'square');
    const right = checkMatrices('triangularSolve', b, 'any');
    if (!sameShape(batch, right.batch) || n !== (leftSide ? right.rows : right.columns)) {
      throw new ShapeError(
        `triangularSolve: A of shape ${showShape(a.shape)} does not fit B of shape ${showShape(b.shape)} on the ${leftSide ? 'left' : 'right'}. ` +
          `B needs the same leading axes and ${n} ${leftSide ? 'rows' : 'columns'}.`,
      );
    }
    return [{ shape: b.shape, dtype }];
  },
  jvp(lax, [a, b], [da, db], params: TriangularSolveParams) {
    const x = triangularSolve(a, b, params);
    let right = db;
    if (da) {
      const moved = countedPart(lax, da, params);
      const product = params.leftSide ? matmul(lax, moved, x) : matmul(lax, x, moved);
      right = db ? lax.sub(db, product) : lax.neg(product);
    }
    return { outputs: [x], tangents: [right && triangularSolve(a, right, params)] };
  },
  transpose: (_lax, [ct], [a], _linear, params: TriangularSolveParams) => [
    null,
    ct && triangularSolve(a!, ct, { ...params, transpose: !params.transpose }),
  ],
  batch(lax, size, inputs, batched, params: TriangularSolveParams) {
    const [a, b] = inputs.map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size)));
    return { outputs: [triangularSolve(a, b, params)], batched: [true] };
  },
  evaluate([a, b], params: TriangularSolveParams, [output]) {
    const { count, rows: n } = matrixStack(a);
    const { rows, columns } = matrixStack(b);
    const x = refData(b.dtype, b.data.length);
    x.set(b.data);
    const size = rows * columns;
    for (let k = 0; k < count; k++) {
      const one = x.subarray(k * size, (k + 1) * size);
      substitute(
        a.data.subarray(k * n * n, (k + 1) * n * n),
        n,
        one,
        params.leftSide ? columns : rows,
        params.leftSide ? [columns, 1] : [1, columns],
        params,
      );
    }
    return [refArray(output.shape, output.dtype, x)];
  },
};

export const triangularSolve = (
  a: Value,
  b: Value,
  { leftSide, lower, transpose, unitDiagonal }: TriangularSolveParams,
): Value => bind(triangularSolvePrimitive, [a, b], { leftSide, lower, transpose, unitDiagonal })[0];
