import { checkedOptions, describe } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { type Shape, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Range, SliceSpec, TensorLike } from '../tensor/types.ts';
import { isValue } from '../trace/value.ts';
import { composite } from './composite.ts';
import { asTensor } from './operands.ts';
import { reshape } from './reshape.ts';

/** Positions `start` to `stop` of one axis (a view). */
export function sliceAxis(x: Value, axis: number, start: number, stop: number): Tensor {
  if (start === 0 && stop === x.shape[axis]) return x as Tensor;
  return lax.slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((extent, i) => (i === axis ? stop : extent)),
  ) as Tensor;
}

interface Piece {
  readonly start: number;
  readonly limit: number;
  readonly stride: number;
  readonly reversed: boolean;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function checkIntegers(values: readonly (number | null | undefined)[], shape: Shape): void {
  for (const value of values) {
    if (value !== null && value !== undefined && !Number.isInteger(value)) {
      throw new ArgumentError(
        `slice: positions of shape ${showShape(shape)} must be integers, got ${describe(value)}.`,
      );
    }
  }
}

/** A range of an axis as a forward slice, and whether to reverse it afterwards. */
function pieceOf(range: Range, extent: number, shape: Shape): Piece {
  const step = range.step ?? 1;
  checkIntegers([range.start, range.stop, step], shape);
  if (step === 0) throw new ArgumentError(`slice: a step of 0 goes nowhere. Use a step other than 0.`);
  const at = (position: number): number => (position < 0 ? position + extent : position);
  if (step > 0) {
    const start = clamp(at(range.start ?? 0), 0, extent);
    return { start, limit: clamp(at(range.stop ?? extent), start, extent), stride: step, reversed: false };
  }
  const first = clamp(at(range.start ?? extent - 1), -1, extent - 1);
  const end = range.stop === undefined || range.stop === null ? -1 : clamp(at(range.stop), -1, extent - 1);
  const count = Math.max(0, Math.ceil((first - end) / -step));
  const last = first + (count - 1) * step;
  return count === 0
    ? { start: 0, limit: 0, stride: 1, reversed: false }
    : { start: last, limit: first + 1, stride: -step, reversed: true };
}

function integerPiece(index: number, axis: number, shape: Shape): Piece {
  const extent = shape[axis];
  checkIntegers([index], shape);
  const start = index < 0 ? index + extent : index;
  if (start < 0 || start >= extent) {
    throw new ArgumentError(
      `slice: index ${index} is out of range for axis ${axis} of shape ${showShape(shape)}. Use ${-extent} to ${extent - 1}.`,
    );
  }
  return { start, limit: start + 1, stride: 1, reversed: false };
}

const isRangeList = (spec: SliceSpec): spec is readonly (number | null)[] => Array.isArray(spec);

/**
 * Basic indexing: `slice(x, 0, [1, 3], '...', { step: -1 })` is Python's `x[0, 1:3, ..., ::-1]`.
 * Missing trailing specs take the whole axis. Gives a view, differentiable in x.
 * @throws ArgumentError for an integer out of range or more specs than axes.
 */
export function slice(x: TensorLike, ...specs: readonly SliceSpec[]): Tensor {
  return composite('slice', () => {
    const value = asTensor(x);
    const { shape } = value;
    const taken = specs.filter((spec) => spec !== null && spec !== '...').length;
    const dots = specs.filter((spec) => spec === '...').length;
    if (taken > shape.length || dots > 1) {
      throw new ArgumentError(
        `slice: ${taken} specs${dots > 1 ? " and more than one '...'" : ''} for shape ${showShape(shape)}. Give at most one for each axis.`,
      );
    }
    const pieces: Piece[] = [];
    const result: number[] = [];
    const whole = (): void => {
      const extent = shape[pieces.length];
      pieces.push({ start: 0, limit: extent, stride: 1, reversed: false });
      result.push(extent);
    };
    for (const spec of specs) {
      if (spec === null) result.push(1);
      else if (spec === '...') for (let i = taken; i < shape.length; i++) whole();
      else if (typeof spec === 'number') pieces.push(integerPiece(spec, pieces.length, shape));
      else {
        if (isValue(spec)) {
          throw new ArgumentError(
            `slice: expected positions as plain numbers, got ${describe(spec)}. Use take or dynamicSlice for computed ones, or make the argument static.`,
          );
        }
        if (!isRangeList(spec)) checkedOptions('slice', spec, ['start', 'stop', 'step']);
        const range = isRangeList(spec) ? { start: spec[0], stop: spec[1], step: spec[2] ?? 1 } : spec;
        const piece = pieceOf(range, shape[pieces.length], shape);
        pieces.push(piece);
        result.push(Math.ceil((piece.limit - piece.start) / piece.stride));
      }
    }
    while (pieces.length < shape.length) whole();
    return reshape(cut(value, pieces), result);
  });
}

function cut(value: Tensor, pieces: readonly Piece[]): Tensor {
  const everything = pieces.every(
    (piece, i) => piece.start === 0 && piece.limit === value.shape[i] && piece.stride === 1,
  );
  const part = everything
    ? value
    : lax.slice(
        value,
        pieces.map((piece) => piece.start),
        pieces.map((piece) => piece.limit),
        pieces.map((piece) => piece.stride),
      );
  const reversed = pieces.flatMap((piece, axis) => (piece.reversed ? [axis] : []));
  return (reversed.length > 0 ? lax.rev(part, reversed) : part) as Tensor;
}
