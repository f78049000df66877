import { ShapeError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { constantAffine } from '../shape/affine.ts';
import { checkShape, range, rowMajorStrides, type Shape, sameShape, showShape } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { readStrided } from './strided.ts';

interface BroadcastParams {
  readonly shape: Shape;
  readonly dims: readonly number[];
}

/**
 * `x` repeated to `shape`: axis `i` of the input becomes axis `dims[i]` of the output (strictly increasing);
 * it keeps its extent, or repeats where that is 1. All other output axes repeat.
 */
export const broadcastInDimPrimitive: Primitive = {
  name: 'broadcastInDim',
  kind: 'view',
  lowering: {
    as: 'view',
    through: (coordinates, { shape }, { dims }: BroadcastParams, rank) =>
      shape.map((extent, axis) => (extent === 1 ? constantAffine(0, rank) : coordinates[dims[axis]])),
  },
  shape([x], { shape, dims }: BroadcastParams) {
    checkShape('broadcastInDim', shape);
    const fits =
      dims.length === x.shape.length &&
      dims.every(
        (dim, i) =>
          dim >= 0 &&
          dim < shape.length &&
          (i === 0 || dims[i - 1] < dim) &&
          (x.shape[i] === shape[dim] || x.shape[i] === 1),
      );
    if (!fits) {
      throw new ShapeError(
        `broadcastInDim: ${showShape(x.shape)} does not fit axes [${dims.join(', ')}] of ${showShape(shape)}. ` +
          'Give one increasing axis per input axis, of equal extent unless that is 1.',
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: BroadcastParams) => ({
    outputs: bind(broadcastInDimPrimitive, inputs, params),
    tangents: [dx && lax.broadcastInDim(dx, params.shape, params.dims)],
  }),
  transpose(lax, [ct], _inputs, _linear, { shape, dims }: BroadcastParams, [x]) {
    if (!ct) return [null];
    const repeated = range(0, shape.length).filter((axis) => {
      const from = dims.indexOf(axis);
      return from < 0 || (x.shape[from] === 1 && shape[axis] !== 1);
    });
    return [lax.reshape(lax.reduceSum(ct, repeated), x.shape)];
  },
  batch: (lax, size, [x], _batched, { shape, dims }: BroadcastParams) => ({
    outputs: [lax.broadcastInDim(x, [size, ...shape], [0, ...dims.map((dim) => dim + 1)])],
    batched: [true],
  }),
  evaluate([x], { shape, dims }: BroadcastParams) {
    const own = rowMajorStrides(x.shape);
    const strides = new Array<number>(shape.length).fill(0);
    dims.forEach((dim, i) => {
      strides[dim] = x.shape[i] === 1 ? 0 : own[i];
    });
    return [refArray(shape, x.dtype, readStrided(x.data, x.dtype, { shape, strides, offset: 0 }))];
  },
};

export const broadcastInDim = (x: Value, shape: Shape, dims: readonly number[]): Value =>
  sameShape(x.shape, shape) && dims.length === shape.length
    ? x
    : bind(broadcastInDimPrimitive, [x], { shape: [...shape], dims: [...dims] })[0];
