import type { Primitive } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { scaled } from '../shape/affine.ts';
import { normalizeAxes, rowMajorStrides } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { readStrided } from './strided.ts';

interface RevParams {
  readonly axes: readonly number[];
}

/** The elements in reverse order along `axes`. */
export const revPrimitive: Primitive = {
  name: 'rev',
  kind: 'view',
  lowering: {
    as: 'view',
    through: (coordinates, { shape }, { axes }: RevParams) =>
      coordinates.map((at, axis) => (axes.includes(axis) ? scaled(at, -1, shape[axis] - 1) : at)),
  },
  shape([x], { axes }: RevParams) {
    normalizeAxes('rev', axes, x.shape.length);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: RevParams) => ({
    outputs: bind(revPrimitive, inputs, params),
    tangents: [dx && lax.rev(dx, params.axes)],
  }),
  transpose: (lax, [ct], _inputs, _linear, { axes }: RevParams) => [ct && lax.rev(ct, axes)],
  batch: (lax, _size, [x], _batched, { axes }: RevParams) => ({
    outputs: [
      lax.rev(
        x,
        axes.map((axis) => axis + 1),
      ),
    ],
    batched: [true],
  }),
  evaluate([x], { axes }: RevParams) {
    const strides = rowMajorStrides(x.shape);
    const offset = axes.reduce((sum, axis) => sum + strides[axis] * (x.shape[axis] - 1), 0);
    const view = { shape: x.shape, strides: strides.map((step, axis) => (axes.includes(axis) ? -step : step)), offset };
    return [refArray(x.shape, x.dtype, readStrided(x.data, x.dtype, view))];
  },
};

export const rev = (x: Value, axes: readonly number[]): Value =>
  axes.length === 0 ? x : bind(revPrimitive, [x], { axes: normalizeAxes('rev', axes, x.shape.length) })[0];
