import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { padded, type Windows, windowSlices } from './windows.ts';

/** Windows of more places than this are reduced axis by axis instead of place by place. */
const MOST_PLACES = 32;

/** A reduction of two, and of whole axes, that does not depend on the order. */
export interface WindowReduction {
  /** What stands outside of x. */
  readonly fill: number;
  readonly combine: (x: Value, y: Value) => Value;
  readonly reduce: (x: Value, axes: readonly number[]) => Value;
  /** An element may be counted twice (a largest one may, a term of a sum may not). */
  readonly overlaps: boolean;
}

/** x [N, C, …spatial] reduced over each window, to [N, C, …output]. The program stays short however large the windows are. */
export function reduceWindows(x: Tensor, windows: Windows, reduction: WindowReduction): Value {
  if (sizeOf(windows.kernel) <= MOST_PLACES)
    return windowSlices(x, windows, reduction.fill).reduce((whole, part) => reduction.combine(whole, part));
  let value = padded(x, windows, reduction.fill);
  windows.kernel.forEach((extent, i) => {
    if (extent > 1 || windows.stride[i] > 1) value = alongAxis(value, i + 2, windows, i, reduction);
  });
  return value;
}

function alongAxis(
  x: Value,
  axis: number,
  { kernel, stride, dilation, output }: Windows,
  i: number,
  how: WindowReduction,
) {
  const [extent, step, apart, count] = [kernel[i], stride[i], dilation[i], output[i]];
  if (step === extent && apart === 1) {
    // Windows side by side are rows.
    const rows = stretch(x, axis, 0, count * extent, 1);
    const shape = [...x.shape.slice(0, axis), count, extent, ...x.shape.slice(axis + 1)];
    return how.reduce(lax.reshape(rows, shape), [axis + 1]);
  }
  return byDoubling(
    x,
    axis,
    extent,
    apart,
    (made, start) => stretch(made, axis, start, start + (count - 1) * step + 1, step),
    how,
  );
}

/** Positions of one axis as a strided view. */
const stretch = (x: Value, axis: number, start: number, limit: number, step: number): Value =>
  lax.slice(
    x,
    x.shape.map((_, k) => (k === axis ? start : 0)),
    x.shape.map((extent, k) => (k === axis ? limit : extent)),
    x.shape.map((_, k) => (k === axis ? step : 1)),
  );

/**
 * Windows of `extent` places from windows of 1, 2, 4, … places, of which each is made of two of the last: log2 steps.
 * `choose` takes the wanted windows from those that begin at every place, beginning with the one at `start`.
 */
function byDoubling(
  x: Value,
  axis: number,
  extent: number,
  apart: number,
  choose: (windows: Value, start: number) => Value,
  { combine, overlaps }: WindowReduction,
): Value {
  const doubled = (windows: Value, distance: number): Value => {
    const length = windows.shape[axis] - distance;
    return combine(stretch(windows, axis, 0, length, 1), stretch(windows, axis, distance, distance + length, 1));
  };
  let windows = x;
  let size = 1;
  let covered = 0;
  let result: Value | null = null;
  const take = (start: number): void => {
    const part = choose(windows, start * apart);
    result = result ? combine(result, part) : part;
  };
  for (let rest = extent; ; rest = Math.floor(rest / 2)) {
    // A sum is made of the sizes in the binary form of the extent, one beside the other.
    if (!overlaps && rest % 2 === 1) {
      take(covered);
      covered += size;
    }
    if (2 * size > extent) break;
    windows = doubled(windows, size * apart);
    size *= 2;
  }
  if (overlaps) {
    take(0);
    if (size < extent) take(extent - size);
  }
  return result as unknown as Value;
}
