import { ShapeError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { checkShape, type Shape, sameShape, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';

interface ReshapeParams {
  readonly shape: Shape;
}

/** The same elements in row-major order under another shape. */
export const reshapePrimitive: Primitive = {
  name: 'reshape',
  kind: 'view',
  lowering: { as: 'view', sameOrder: true },
  shape([x], { shape }: ReshapeParams) {
    checkShape('reshape', shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `reshape: ${showShape(x.shape)} has ${sizeOf(x.shape)} elements and ${showShape(shape)} has ${sizeOf(shape)}. Both must have the same number.`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: ReshapeParams) => ({
    outputs: bind(reshapePrimitive, inputs, params),
    tangents: [dx && lax.reshape(dx, params.shape)],
  }),
  transpose: (lax, [ct], _inputs, _linear, _params, [x]) => [ct && lax.reshape(ct, x.shape)],
  batch: (lax, size, [x], _batched, { shape }: ReshapeParams) => ({
    outputs: [lax.reshape(x, [size, ...shape])],
    batched: [true],
  }),
  evaluate: ([x], _params, [output]) => [refArray(output.shape, x.dtype, x.data)],
};

export const reshape = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : bind(reshapePrimitive, [x], { shape: [...shape] })[0];
