import type { DType } from '../../dtype/dtype.ts';
import { DTypeError, ShapeError } from '../../errors/errors.ts';
import type { Aval } from '../../program/aval.ts';
import type { Lax } from '../../program/lax.ts';
import type { Value } from '../../program/value.ts';
import { type MatrixStack, matrixStack } from '../../shape/matrixStack.ts';
import { range, type Shape, showShape } from '../../shape/shape.ts';
import { FLOATS } from '../elementwise.ts';

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
  const shape = [...w.shape, w.shape[w.shape.length - 1]];
  const gaps = gapsOf(lax, w, shape);
  return inverseUnless(lax, lax.le(lax.abs(gaps), roundingOf(lax, w, shape)), gaps);
}

/** `w[j] - w[i]` of values [B…, n], [B…, n, n]. */
export const gapsOf = (lax: Lax, w: Value, shape: Shape): Value =>
  lax.sub(alongRows(lax, w, shape), alongColumns(lax, w, shape));

/** What counts as no difference of eigenvalues or singular values w [B…, n], over a shape [B…, …]. */
export function roundingOf(lax: Lax, w: Value, shape: Shape): Value {
  const last = w.shape.length - 1;
  const largest = lax.reduceMax(lax.abs(lax.stopGradient(w)), [last]);
  return lax.broadcastInDim(lax.mul(largest, 8 * w.shape[last] * epsilonOf(w.dtype)), shape, range(0, last));
}

/** `1 / x`, and 0 where `zero` holds. */
export const inverseUnless = (lax: Lax, zero: Value, x: Value): Value =>
  lax.select(zero, 0, lax.div(1, lax.select(zero, 1, x)));

/** Values that agree within rounding, and numbers that tell them apart. */
export interface Repeats {
  /** Whether i != j agree, [B…, n, n]. */
  readonly same: Value;
  /** The place of each value among those it agrees with, counted upwards from the middle, [B…, n]: 0 where there are no others. */
  readonly places: Value;
}

/** The repeats among ascending values w [B…, n]; of descending ones with `-1` for `order`. */
export function repeatsOf(lax: Lax, w: Value, order: 1 | -1 = 1): Repeats {
  const rank = w.shape.length;
  const shape = [...w.shape, w.shape[rank - 1]];
  const [rows, columns] = [lax.iota(shape, rank - 1, 'i32'), lax.iota(shape, rank, 'i32')];
  const close = lax.le(lax.abs(gapsOf(lax, lax.stopGradient(w), shape)), roundingOf(lax, w, shape));
  const same = lax.and(close, lax.ne(rows, columns));
  const before = lax.sub(lax.cast(lax.lt(columns, rows), w.dtype), lax.cast(lax.gt(columns, rows), w.dtype));
  const places = lax.reduceSum(lax.select(same, lax.mul(before, 0.5 * order), 0), [rank]);
  return { same, places };
}
