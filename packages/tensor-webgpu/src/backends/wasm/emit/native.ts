import { type Apply, type Expression, visit } from '../../../kernels/expression.ts';
import { scalarOperation } from './scalar-operations.ts';
import { hasScalarMath, hasVectorMath } from './vector-math.ts';
import { vectorOperation } from './vector-operations.ts';

/** Lanes of a loop: one element at a time, vectors of two with float64, vectors of four without. */
export type Width = 1 | 2 | 4;

/** The lanes of loops over these values. Functions of JavaScript are called for two lanes at a time by no vector. */
export function widthOf(values: readonly Expression[]): Width {
  let wide = false;
  let called = false;
  visit(values, (node) => {
    if (node.dtype === 'f64') wide = true;
    if (node.kind === 'apply' && !isNative(node, true)) called = true;
  });
  if (!wide) return 4;
  return called ? 1 : 2;
}

/** Codes that are written out here, on numbers and on vectors alike. */
const STRUCTURAL = new Set(['select', 'cast', 'bitcast']);

/** A shift by a literal amount, which vectors can do at once. */
export const isLiteralShift = (node: Apply): boolean =>
  (node.code === 'shiftLeft' || node.code === 'shiftRight') && node.args[1].kind === 'literal' && node.dtype !== 'f32';

/** Whether a square written as a power: `x^2` is `x·x`. */
export const isSquare = (node: Apply): boolean =>
  node.code === 'pow' && node.args[1].kind === 'literal' && node.args[1].value === 2;

/** Whether an operation is emitted as instructions; otherwise the primitive's function on one number is called. */
export function isNative(node: Apply, vector: boolean): boolean {
  const { code } = node;
  if (STRUCTURAL.has(code)) return true;
  const dtype = node.args[0]?.dtype ?? node.dtype;
  if (isSquare(node)) return true;
  if (!vector) return scalarOperation(code, dtype) !== undefined || hasScalarMath(code, dtype);
  return vectorOperation(code, dtype) !== undefined || isLiteralShift(node) || hasVectorMath(code, dtype);
}
