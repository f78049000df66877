import type { Var } from '../program/aval.ts';
import { type Affine, bounds, identityCoordinates, unflatten } from '../shape/affine.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { type Load, loadsOf } from './expression.ts';
import type { ContractionOperand, ContractionStage } from './form.ts';

/** A space for an array of this shape whose first axis has `rows` steps, and the array's coordinates over it. */
export function rowSpace(shape: Shape, rows: number): { space: Shape; coordinates: Affine[] } | null {
  const size = sizeOf(shape);
  if (rows === shape[0]) return { space: shape, coordinates: identityCoordinates(shape.length) };
  if (rows < 1 || size % rows !== 0 || (size === 0 && rows > 1)) return null;
  const space: number[] = rows === 1 ? [1, ...shape] : splitFirst(shape, rows);
  let stride = 1;
  const strides = new Array<number>(space.length);
  for (let i = space.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= space[i];
  }
  const coordinates = unflatten({ offset: 0, strides }, shape, space);
  return coordinates && { space, coordinates };
}

/** `shape` with its leading axes regrouped so that the first has `rows` steps. */
function splitFirst(shape: Shape, rows: number): number[] {
  let product = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    product *= shape[axis];
    if (product === rows) return [rows, ...shape.slice(axis + 1)];
    if (product > rows && product % rows === 0) return [rows, product / rows, ...shape.slice(axis + 1)];
  }
  return [rows, sizeOf(shape) / rows];
}

/** Whether what is read at `place` stays within the row (of `rows`) that axis 0 of the space stands for. */
function withinRow(place: Affine, space: Shape, rows: number, size: number): boolean {
  if (rows === 1) return true;
  const rowSize = size / rows;
  if (place.strides[0] !== rowSize) return false;
  const rest = { offset: place.offset, strides: [0, ...place.strides.slice(1)] };
  const [low, high] = bounds(rest, space);
  return low >= 0 && high < rowSize;
}

/** Whether every load of a variable in `local` stays within the row of the block that computes it. */
export function readOwnRows(
  loads: readonly Load[],
  space: Shape,
  rows: number,
  local: { has(variable: Var): boolean },
): boolean {
  return loads.every(
    (load) =>
      !local.has(load.variable) ||
      ((load.terms.length === 0 || rows === 1) && withinRow(load.place, space, rows, sizeOf(load.variable.shape))),
  );
}

/** Whether a product's rows can be computed from the same rows of its left operand (and batch item of its right). */
export function contractsOwnRows(
  stage: ContractionStage,
  rows: number,
  local: { has(variable: Var): boolean },
): boolean {
  const own = (variable: Var): number => sizeOf(variable.shape) / rows;
  const { lhs, rhs, batch, m, k, n } = stage;
  const computed = (operand: ContractionOperand): boolean =>
    operand.kind === 'computed' && loadsOf([operand.value]).some((load) => local.has(load.variable));
  if (computed(lhs) || computed(rhs)) return false;
  if (batch > 1) {
    const items = batch / rows;
    if (!Number.isInteger(items)) return false;
    const fits = (operand: ContractionOperand): boolean =>
      operand.kind === 'computed' ||
      !local.has(operand.variable) ||
      (operand.offset === 0 && operand.batch * items === own(operand.variable));
    return fits(lhs) && fits(rhs) && k * m * n > 0;
  }
  if (m % rows !== 0 || (rhs.kind === 'memory' && local.has(rhs.variable))) return false;
  if (lhs.kind === 'computed' || !local.has(lhs.variable)) return true;
  return lhs.offset === 0 && lhs.contract === 1 && lhs.free > 0 && lhs.free * (m / rows) === own(lhs.variable);
}
