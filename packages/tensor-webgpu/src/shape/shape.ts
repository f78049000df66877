import { checkedList, describe } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';

export type Shape = readonly number[];

/** The number of elements: the product of the extents (1 for a scalar). */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Row-major strides in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** Extents from `from` up to (not including) `to`. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** `axis` counted from the front; negative axes count from the back. Throws `ArgumentError` outside the rank. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = typeof axis === 'number' && axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ArgumentError(
      `${op}: axis ${describe(axis)} is out of range for a tensor of rank ${rank}. ${rank === 0 ? 'A scalar has no axes.' : `Use an integer from ${-rank} to ${rank - 1}.`}`,
    );
  }
  return normalized;
}

/** Sorted, distinct axes counted from the front; `undefined` or `null` means all of them. */
export function normalizeAxes(op: string, axes: number | readonly number[] | undefined | null, rank: number): number[] {
  if (axes === undefined || axes === null) return range(0, rank);
  if (typeof axes !== 'number' && !Array.isArray(axes)) {
    throw new ArgumentError(
      `${op}: expected an axis as an integer, or several in an array, got ${describe(axes)}. Axes are named by their number.`,
    );
  }
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(op, axis, rank));
  if (new Set(list).size !== list.length) {
    throw new ArgumentError(`${op}: axes [${String(axes)}] name one axis twice. Name each axis once.`);
  }
  return list.sort((a, b) => a - b);
}

/** The NumPy broadcast of several shapes. Throws `ShapeError` naming the operation and all shapes. */
export function broadcastShapes(op: string, ...shapes: Shape[]): number[] {
  let rank = 0;
  for (const shape of shapes) rank = Math.max(rank, shape.length);
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      if (shape[i] === result[at] || shape[i] === 1) continue;
      if (result[at] !== 1) {
        throw new ShapeError(
          `${op}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast: extents ${result[at]} and ${shape[i]} ` +
            `meet at axis ${at - rank}. Make them equal or make one of them 1.`,
        );
      }
      result[at] = shape[i];
    }
  }
  return result;
}

/** `shape` without the listed (front-counted) axes. */
export const withoutAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));

/** Throws `ShapeError` unless every extent is a non-negative integer. */
export function checkShape(op: string, shape: Shape): void {
  checkedList(op, 'the shape', shape);
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new ShapeError(
      `${op}: shape ${describe(shape)} is not valid. Every extent must be an integer of at least 0.`,
    );
  }
}
