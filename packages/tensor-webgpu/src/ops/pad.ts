import { checkFits } from '../dtype/dtype.ts';
import { checkChoice, checkedList, checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PadMode, PadWidths, TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asTensor } from './operands.ts';
import { sliceAxis } from './slice.ts';

function widthPairs(widths: PadWidths, rank: number): (readonly [number, number])[] {
  const isPair = (entry: unknown): entry is readonly [number, number] =>
    Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'number';
  let pairs: (readonly [number, number])[];
  if (typeof widths === 'number') pairs = new Array(rank).fill([widths, widths]);
  else if (isPair(widths)) pairs = new Array(rank).fill(widths);
  else pairs = [...checkedList('pad', 'widths', widths as readonly (readonly [number, number])[])];
  if (
    pairs.length !== rank ||
    !pairs.every((pair) => isPair(pair) && pair.every((width) => Number.isInteger(width) && width >= 0))
  ) {
    throw new ArgumentError(
      `pad: widths must be integers of at least 0, one [before, after] for each of the ${rank} axes; got ${describe(widths)}.`,
    );
  }
  return pairs;
}

/** The largest width a mode can fill from an axis of the given extent. */
function checkReach(mode: PadMode, extent: number, width: number): void {
  const reach =
    mode === 'edge' ? (extent > 0 ? Number.POSITIVE_INFINITY : 0) : mode === 'reflect' ? extent - 1 : extent;
  if (width > reach) {
    throw new ArgumentError(
      `pad: mode '${mode}' cannot fill ${width} places from an axis of extent ${extent}; at most ${reach}. Pad in steps or use another mode.`,
    );
  }
}

function border(x: Value, axis: number, mode: PadMode, width: number, side: 'before' | 'after'): Value {
  const extent = x.shape[axis];
  checkReach(mode, extent, width);
  const before = side === 'before';
  if (mode === 'edge') {
    const line = sliceAxis(x, axis, before ? 0 : extent - 1, before ? 1 : extent);
    return lax.broadcastInDim(
      line,
      x.shape.map((e, i) => (i === axis ? width : e)),
      x.shape.map((_, i) => i),
    );
  }
  if (mode === 'wrap') return before ? sliceAxis(x, axis, extent - width, extent) : sliceAxis(x, axis, 0, width);
  const skip = mode === 'reflect' ? 1 : 0;
  const part = before
    ? sliceAxis(x, axis, skip, skip + width)
    : sliceAxis(x, axis, extent - skip - width, extent - skip);
  return lax.rev(part, [axis]);
}

/**
 * x with places added before and after along each axis, filled by `mode` (default: the constant `value`, 0).
 * @throws ArgumentError for negative widths, or wider than the mode can fill.
 */
export function pad(
  x: TensorLike,
  widths: PadWidths,
  options: { readonly mode?: PadMode; readonly value?: number } = {},
): Tensor {
  const { mode = 'constant', value = 0 } = checkedOptions('pad', options, ['mode', 'value']);
  checkChoice('pad', 'mode', mode, ['constant', 'edge', 'reflect', 'symmetric', 'wrap']);
  return composite('pad', () => {
    const tensor = asTensor(x);
    const pairs = widthPairs(widths, tensor.ndim);
    checkFits('pad', tensor.dtype, value);
    if (pairs.every(([before, after]) => before === 0 && after === 0)) return tensor;
    if (mode === 'constant') {
      return lax.pad(
        tensor,
        pairs.map(([before]) => before),
        pairs.map(([, after]) => after),
        value,
      );
    }
    let result: Value = tensor;
    pairs.forEach(([before, after], axis) => {
      const parts = [result];
      if (before > 0) parts.unshift(border(result, axis, mode, before, 'before'));
      if (after > 0) parts.push(border(result, axis, mode, after, 'after'));
      if (parts.length > 1) result = lax.concat(parts, axis);
    });
    return result;
  });
}
