import { ArgumentError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { unpermuted } from '../shape/affine.ts';
import { showShape } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { readPermuted } from './strided.ts';

interface TransposeParams {
  readonly permutation: readonly number[];
}

/** The permutation that undoes `permutation`. */
export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** Axes in another order: axis `i` of the output is axis `permutation[i]` of the input. */
export const transposePrimitive: Primitive = {
  name: 'transpose',
  kind: 'view',
  lowering: {
    as: 'view',
    through: (coordinates, _input, { permutation }: TransposeParams) => unpermuted(coordinates, permutation),
  },
  shape([x], { permutation }: TransposeParams) {
    if (permutation.length !== x.shape.length || [...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
      throw new ArgumentError(
        `transpose: [${permutation.join(', ')}] is not an order of the axes of a tensor of shape ${showShape(x.shape)}. Name each of its ${x.shape.length} axes once.`,
      );
    }
    return [{ shape: permutation.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  jvp: (lax, inputs, [dx], params: TransposeParams) => ({
    outputs: bind(transposePrimitive, inputs, params),
    tangents: [dx && lax.transpose(dx, params.permutation)],
  }),
  transpose: (lax, [ct], _inputs, _linear, { permutation }: TransposeParams) => [
    ct && lax.transpose(ct, inversePermutation(permutation)),
  ],
  batch: (lax, _size, [x], _batched, { permutation }: TransposeParams) => ({
    outputs: [lax.transpose(x, [0, ...permutation.map((axis) => axis + 1)])],
    batched: [true],
  }),
  evaluate: ([x], { permutation }: TransposeParams, [output]) => [
    refArray(output.shape, x.dtype, readPermuted(x.data, x.dtype, x.shape, permutation)),
  ],
};

export const transpose = (x: Value, permutation: readonly number[]): Value =>
  permutation.length === x.shape.length && permutation.every((axis, i) => axis === i)
    ? x
    : bind(transposePrimitive, [x], { permutation: [...permutation] })[0];
