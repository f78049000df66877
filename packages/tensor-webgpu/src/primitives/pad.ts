import { toDType } from '../dtype/dtype.ts';
import { ArgumentError } from '../errors/errors.ts';
import type { Piece } from '../program/placing.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { rowMajorStrides, type Shape, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';

export interface PadParams {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
  readonly value: number;
}

/** The slabs before and after the operand along each axis, and the operand; `null` where gaps lie between its elements. */
function boxes(inner: Shape, { low, high, interior, value }: PadParams, shape: Shape): Piece[] | null {
  if (interior.some((gap) => gap !== 0)) return null;
  const slabs = shape.flatMap((_, axis): Piece[] => {
    // Earlier axes are restricted to the operand's range, later ones run over the whole output.
    const slab = (from: number, extent: number): Piece => ({
      start: shape.map((__, i) => (i < axis ? low[i] : i === axis ? from : 0)),
      extents: shape.map((whole, i) => (i < axis ? inner[i] : i === axis ? extent : whole)),
      from: { value },
    });
    return [slab(0, low[axis]), slab(low[axis] + inner[axis], high[axis])];
  });
  return [...slabs, { start: low, extents: inner, from: { input: 0 } }];
}

/** `low[i]` copies of a number before axis `i`, `high[i]` after it, and `interior[i]` between neighbours. */
export const padPrimitive: Primitive = {
  name: 'pad',
  kind: 'opaque',
  lowering: {
    as: 'pieces',
    pieces: (inputs, params: PadParams, output) => boxes(inputs[0].shape, params, output.shape),
  },
  shape([x], { low, high, interior }: PadParams) {
    const fits = [low, high, interior].every(
      (counts) => counts.length === x.shape.length && counts.every((count) => Number.isInteger(count) && count >= 0),
    );
    if (!fits) {
      throw new ArgumentError(
        `pad: low [${low.join(', ')}], high [${high.join(', ')}], interior [${interior.join(', ')}] do not fit shape ${showShape(x.shape)}. ` +
          `Give ${x.shape.length} integers of at least 0 each.`,
      );
    }
    const shape = x.shape.map((extent, i) => low[i] + high[i] + extent + Math.max(0, extent - 1) * interior[i]);
    return [{ shape, dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: PadParams) => ({
    outputs: bind(padPrimitive, inputs, params),
    tangents: [dx && lax.pad(dx, params.low, params.high, 0, params.interior)],
  }),
  transpose(lax, [ct], _inputs, _linear, { low, high, interior }: PadParams, [x]) {
    if (!ct) return [null];
    if (x.shape.includes(0)) return [lax.zeros(x)];
    return [
      lax.slice(
        ct,
        low,
        ct.shape.map((extent, i) => extent - high[i]),
        interior.map((count) => count + 1),
      ),
    ];
  },
  batch: (lax, _size, [x], _batched, { low, high, interior, value }: PadParams) => ({
    outputs: [lax.pad(x, [0, ...low], [0, ...high], value, [0, ...interior])],
    batched: [true],
  }),
  evaluate([x], { low, interior, value }: PadParams, [output]) {
    const data = refData(output.dtype, sizeOf(output.shape)).fill(value);
    const size = x.data.length;
    const rank = x.shape.length;
    const steps = rowMajorStrides(output.shape).map((step, axis) => step * (interior[axis] + 1));
    const index = new Array<number>(rank).fill(0);
    let to = rowMajorStrides(output.shape).reduce((sum, step, axis) => sum + step * low[axis], 0);
    for (let i = 0; i < size; i++) {
      data[to] = x.data[i];
      for (let axis = rank - 1; axis >= 0; axis--) {
        to += steps[axis];
        if (++index[axis] < x.shape[axis]) break;
        to -= steps[axis] * x.shape[axis];
        index[axis] = 0;
      }
    }
    return [refArray(output.shape, output.dtype, data)];
  },
};

export function pad(
  x: Value,
  low: readonly number[],
  high: readonly number[],
  value = 0,
  interior: readonly number[] = low.map(() => 0),
): Value {
  const none = [low, high, interior].every(
    (counts) => counts.length === x.shape.length && counts.every((count) => count === 0),
  );
  return none
    ? x
    : bind(padPrimitive, [x], {
        low: [...low],
        high: [...high],
        interior: [...interior],
        value: toDType(x.dtype, value),
      })[0];
}
