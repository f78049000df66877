import type { DType } from '../../dtype/dtype.ts';
import { DTypeError, ShapeError } from '../../errors/errors.ts';
import type { Aval } from '../../program/program.ts';
import { range, type Shape, showShape, sizeOf } from '../../shape/shape.ts';
import type { Value } from '../../trace/value.ts';
import { FLOATS } from '../elementwise.ts';
import type { Lax } from '../lax.ts';

/** Rows, columns and number of a stack of matrices [B…, rows, columns]. */
export interface MatrixStack {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly batch: Shape;
}

export function matrixStack({ shape }: Aval): MatrixStack {
  const batch = shape.slice(0, -2);
  return { count: sizeOf(batch), rows: shape[shape.length - 2], columns: shape[shape.length - 1], batch };
}

/** The stack's extents. Throws unless `x` is a stack of real matrices (square ones where asked). */
export function checkMatrices(name: string, x: Aval, form: 'square' | 'any'): MatrixStack {
  if (!FLOATS.includes(x.dtype)) {
    throw new DTypeError(
      `${name}: dtype ${x.dtype} is not supported; expected ${FLOATS.join(' or ')}. Cast the operand first.`,
    );
  }
  const stack = matrixStack(x);
  if (x.shape.length < 2 || (form === 'square' && stack.rows !== stack.columns)) {
    throw new ShapeError(
      `${name}: expected ${form === 'square' ? 'square matrices [..., n, n]' : 'matrices [..., m, n]'}, got shape ${showShape(x.shape)}.`,
    );
  }
  return stack;
}

/** The distance from 1 to the next number of a dtype. */
export const epsilonOf = (dtype: DType): number => (dtype === 'f32' ? 2 ** -23 : 2 ** -52);

/** The product of two stacks of matrices. */
export function matmul(lax: Lax, a: Value, b: Value): Value {
  const rank = a.shape.length;
  const batch = range(0, rank - 2);
  return lax.dotGeneral(a, b, { contract: [[rank - 1], [rank - 2]], batch: [batch, batch] });
}

/** The matrices with rows and columns exchanged. */
export const adjoint = (lax: Lax, a: Value): Value => {
  const rank = a.shape.length;
  return lax.transpose(a, [...range(0, rank - 2), rank - 1, rank - 2]);
};

/** `(a + aᵀ) / 2`. */
export const symmetricPart = (lax: Lax, a: Value): Value => lax.mul(lax.add(a, adjoint(lax, a)), 0.5);

/** The elements of `a` where row and column numbers compare as asked; 0 elsewhere. */
function where(lax: Lax, compare: (rows: Value, columns: Value) => Value, a: Value): Value {
  const rank = a.shape.length;
  const mask = compare(lax.iota(a.shape, rank - 2, 'i32'), lax.iota(a.shape, rank - 1, 'i32'));
  return lax.select(mask, a, 0);
}

export const lowerTriangle = (lax: Lax, a: Value): Value => where(lax, lax.ge, a);
export const strictlyLower = (lax: Lax, a: Value): Value => where(lax, lax.gt, a);
export const upperTriangle = (lax: Lax, a: Value): Value => where(lax, lax.le, a);
export const strictlyUpper = (lax: Lax, a: Value): Value => where(lax, lax.lt, a);

/** The diagonals [B…, n] of square matrices. */
export const diagonalOf = (lax: Lax, a: Value): Value => lax.reduceSum(where(lax, lax.eq, a), [a.shape.length - 1]);

/** A vector [B…, n] repeated over the rows of matrices of a shape [B…, m, n]. */
export const alongRows = (lax: Lax, vector: Value, shape: Shape): Value =>
  lax.broadcastInDim(vector, shape, [...range(0, shape.length - 2), shape.length - 1]);

/** A vector [B…, m] repeated over the columns of matrices of a shape [B…, m, n]. */
export const alongColumns = (lax: Lax, vector: Value, shape: Shape): Value =>
  lax.broadcastInDim(vector, shape, range(0, shape.length - 1));

/**
 * `1 / (w[j] - w[i])` for i != j, [B…, n, n], and 0 where the two agree within rounding: derivatives of
 * functions that do not depend on the choice of basis within a repeated value have no such term.
 */
export function inverseGaps(lax: Lax, w: Value): Value {
  const n = w.shape[w.shape.length - 1];
  const shape = [...w.shape, n];
  const gaps = lax.sub(alongRows(lax, w, shape), alongColumns(lax, w, shape));
  const largest = lax.reduceMax(lax.abs(lax.stopGradient(w)), [w.shape.length - 1]);
  const rounding = lax.broadcastInDim(lax.mul(largest, 8 * n * epsilonOf(w.dtype)), shape, range(0, shape.length - 2));
  const same = lax.le(lax.abs(gaps), rounding);
  return lax.select(same, 0, lax.div(1, lax.select(same, 1, gaps)));
}
