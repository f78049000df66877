import { ArgumentError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { scaled } from '../shape/affine.ts';
import { rowMajorStrides, type Shape, showShape } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { readStrided } from './strided.ts';

interface SliceParams {
  readonly start: Shape;
  readonly limit: Shape;
  readonly strides: readonly number[];
}

/** Every `strides[i]`-th element of axis `i` from `start[i]` up to, not including, `limit[i]`. */
export const slicePrimitive: Primitive = {
  name: 'slice',
  kind: 'view',
  lowering: {
    as: 'view',
    through: (coordinates, _input, { start, strides }: SliceParams) =>
      coordinates.map((at, axis) => scaled(at, strides[axis], start[axis])),
  },
  shape([x], { start, limit, strides }: SliceParams) {
    const fits =
      start.length === x.shape.length &&
      limit.length === x.shape.length &&
      strides.length === x.shape.length &&
      x.shape.every((extent, i) => {
        const whole = Number.isInteger(start[i]) && Number.isInteger(limit[i]) && Number.isInteger(strides[i]);
        return whole && start[i] >= 0 && start[i] <= limit[i] && limit[i] <= extent && strides[i] >= 1;
      });
    if (!fits) {
      throw new ArgumentError(
        `slice: start [${start.join(', ')}], limit [${limit.join(', ')}], strides [${strides.join(', ')}] do not fit shape ${showShape(x.shape)}. ` +
          'Expected integers with 0 <= start <= limit <= extent and stride >= 1 on each axis.',
      );
    }
    return [{ shape: start.map((from, i) => Math.ceil((limit[i] - from) / strides[i])), dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: SliceParams) => ({
    outputs: bind(slicePrimitive, inputs, params),
    tangents: [dx && lax.slice(dx, params.start, params.limit, params.strides)],
  }),
  transpose(lax, [ct], _inputs, _linear, { start, strides }: SliceParams, [x]) {
    if (!ct) return [null];
    if (ct.shape.includes(0)) return [lax.zeros(x)];
    const last = ct.shape.map((extent, i) => start[i] + (extent - 1) * strides[i]);
    return [
      lax.pad(
        ct,
        start,
        last.map((at, i) => x.shape[i] - at - 1),
        0,
        strides.map((stride) => stride - 1),
      ),
    ];
  },
  batch: (lax, size, [x], _batched, { start, limit, strides }: SliceParams) => ({
    outputs: [lax.slice(x, [0, ...start], [size, ...limit], [1, ...strides])],
    batched: [true],
  }),
  evaluate([x], { start, strides }: SliceParams, [output]) {
    const own = rowMajorStrides(x.shape);
    const offset = start.reduce((sum, from, i) => sum + from * own[i], 0);
    const view = { shape: output.shape, strides: own.map((step, i) => step * strides[i]), offset };
    return [refArray(output.shape, x.dtype, readStrided(x.data, x.dtype, view))];
  },
};

export function slice(x: Value, start: Shape, limit: Shape, strides: readonly number[] = start.map(() => 1)): Value {
  const whole = x.shape.every((extent, i) => start[i] === 0 && limit[i] === extent && strides[i] === 1);
  return whole && start.length === x.shape.length
    ? x
    : bind(slicePrimitive, [x], { start: [...start], limit: [...limit], strides: [...strides] })[0];
}
