import { checkedList } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { rowMajorStrides, showShape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[];

/** Places added around the spatial axes: a width, widths per axis, or `'same'` (as many outputs as inputs / stride) or `'valid'` (none). */
export type WindowPadding = number | readonly (number | readonly [number, number])[] | 'same' | 'valid';

export interface WindowOptions {
  /** Steps from one window to the next. */
  readonly stride?: PerAxis;
  readonly padding?: WindowPadding;
  /** Steps between the taps inside a window (default 1). */
  readonly dilation?: PerAxis;
}

/** Windows over the spatial axes of x [N, C, …spatial], settled for one call. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  /** The number of windows along each spatial axis. */
  readonly output: readonly number[];
}

export function perAxis(op: string, what: string, given: PerAxis, rank: number): number[] {
  const list = typeof given === 'number' ? new Array<number>(rank).fill(given) : [...checkedList(op, what, given)];
  if (list.length !== rank || !list.every((value) => Number.isInteger(value) && value >= 1)) {
    throw new ArgumentError(
      `${op}: ${what} must be a positive integer, or one for each of the ${rank} spatial axes, got ${String(given)}.`,
    );
  }
  return list;
}

function paddingPairs(
  op: string,
  given: WindowPadding,
  spatial: readonly number[],
  span: readonly number[],
  stride: readonly number[],
): (readonly [number, number])[] {
  if (given === 'valid') return spatial.map(() => [0, 0]);
  if (given === 'same') {
    return spatial.map((extent, i) => {
      const total = Math.max(0, (Math.ceil(extent / stride[i]) - 1) * stride[i] + span[i] - extent);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  const list = typeof given === 'number' ? spatial.map(() => given) : Array.isArray(given) ? given : [];
  const pairs = list.map((entry): readonly [number, number] => (typeof entry === 'number' ? [entry, entry] : entry));
  if (pairs.length !== spatial.length || !pairs.flat().every((width) => Number.isInteger(width) && width >= 0)) {
    throw new ArgumentError(
      `${op}: padding must be 'same', 'valid', or widths of at least 0 for each of the ${spatial.length} spatial axes, got ${JSON.stringify(given)}.`,
    );
  }
  return pairs;
}

/** Settles windows of extents `kernel` over `x`. Throws where an option does not fit or no window has room. */
export function windowsOf(
  op: string,
  x: Tensor,
  kernel: readonly number[],
  { stride = 1, padding = 0, dilation = 1 }: WindowOptions,
): Windows {
  const spatial = x.shape.slice(2);
  const rank = spatial.length;
  const strides = perAxis(op, 'stride', stride, rank);
  const dilations = perAxis(op, 'dilation', dilation, rank);
  const span = kernel.map((extent, i) => (extent - 1) * dilations[i] + 1);
  const pairs = paddingPairs(op, padding, spatial, span, strides);
  const output = spatial.map(
    (extent, i) => Math.floor((extent + pairs[i][0] + pairs[i][1] - span[i]) / strides[i]) + 1,
  );
  if (output.some((extent) => extent < 1)) {
    throw new ShapeError(
      `${op}: windows of ${showShape(span)} have no room in ${showShape(spatial)}. Pad more or use a smaller window.`,
    );
  }
  return { kernel, stride: strides, dilation: dilations, padding: pairs, output };
}

/** Every position inside a window, the last axis running fastest. */
function taps(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (all, extent) => all.flatMap((tap) => Array.from({ length: extent }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** x with the places that windows reach beyond it, holding `fill`. */
export const padded = (x: Value, { padding }: Windows, fill: number): Value =>
  lax.pad(x, [0, 0, ...padding.map(([before]) => before)], [0, 0, ...padding.map(([, after]) => after)], fill);

/** For every position inside the window, the elements found there: strided views [N, C, …output] of the padded x. */
export function windowSlices(x: Tensor, windows: Windows, fill: number): Value[] {
  const { kernel, stride, dilation, output } = windows;
  const wide = padded(x, windows, fill);
  return taps(kernel).map((tap) => {
    const start = tap.map((place, i) => place * dilation[i]);
    const limit = start.map((place, i) => place + (output[i] - 1) * stride[i] + 1);
    return lax.slice(wide, [0, 0, ...start], [...x.shape.slice(0, 2), ...limit], [1, 1, ...stride]);
  });
}

/** Windows of more places than this are looked up instead of being sliced place by place. */
const MOST_SLICES = 64;

/** The elements of every window: [N, C, places in a window, …output]. The program stays short however large windows are. */
export function windowPatches(x: Tensor, windows: Windows): Tensor {
  const { kernel, stride, dilation, output } = windows;
  const [batch, channels] = x.shape;
  const shape = [batch, channels, sizeOf(kernel), ...output];
  if (sizeOf(kernel) <= MOST_SLICES) {
    const parts = windowSlices(x, windows, 0).map((part) => lax.reshape(part, [batch, channels, 1, ...output]));
    return lax.concat(parts, 2) as Tensor;
  }
  const wide = padded(x, windows, 0);
  const spatial = wide.shape.slice(2);
  const steps = rowMajorStrides(spatial);
  const all = [...kernel, ...output];
  const along = (axis: number, step: number): Value => lax.mul(lax.iota(all, axis, 'i32'), step);
  let places: Value = lax.full(all, 0, 'i32');
  spatial.forEach((_, i) => {
    places = lax.add(places, along(i, dilation[i] * steps[i]));
    places = lax.add(places, along(kernel.length + i, stride[i] * steps[i]));
  });
  const elements = lax.transpose(lax.reshape(wide, [batch, channels, sizeOf(spatial)]), [2, 0, 1]);
  const found = lax.gather(elements, lax.reshape(places, [sizeOf(kernel), sizeOf(output)]), 0);
  return lax.reshape(lax.transpose(found, [2, 3, 0, 1]), shape) as Tensor;
}
