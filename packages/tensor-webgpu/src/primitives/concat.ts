import { ArgumentError, ShapeError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxis, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { repeatFirst } from './elementwise.ts';
import { commonDType } from './operand.ts';

interface ConcatParams {
  readonly axis: number;
}

/** Operands one after another along `axis`; all other extents are equal. */
export const concatPrimitive: Primitive = {
  name: 'concat',
  kind: 'opaque',
  lowering: {
    as: 'pieces',
    pieces(inputs, { axis }: ConcatParams) {
      let end = 0;
      return inputs.map(({ shape }, input) => {
        const start = shape.map((_, at) => (at === axis ? end : 0));
        end += shape[axis];
        return { start, extents: shape, from: { input } };
      });
    },
  },
  shape(inputs, { axis }: ConcatParams) {
    if (inputs.length === 0) throw new ArgumentError('concat: got no operands. Give at least one.');
    const dtype = commonDType('concat', inputs);
    const [first] = inputs;
    const at = normalizeAxis('concat', axis, first.shape.length);
    const fits = inputs.every(
      ({ shape }) =>
        shape.length === first.shape.length && shape.every((extent, i) => i === at || extent === first.shape[i]),
    );
    if (!fits) {
      throw new ShapeError(
        `concat: shapes ${inputs.map((input) => showShape(input.shape)).join(', ')} differ beside axis ${axis}. All other extents must be equal.`,
      );
    }
    const extent = inputs.reduce((sum, { shape }) => sum + shape[at], 0);
    return [{ shape: first.shape.map((own, i) => (i === at ? extent : own)), dtype }];
  },
  jvp: (lax, inputs, tangents, { axis }: ConcatParams) => ({
    outputs: [lax.concat(inputs, axis)],
    tangents: [
      lax.concat(
        tangents.map((tangent, i) => tangent ?? lax.zeros(inputs[i])),
        axis,
      ),
    ],
  }),
  transpose(lax, [ct], _inputs, linear, { axis }: ConcatParams, avals) {
    if (!ct) return avals.map(() => null);
    let end = 0;
    return avals.map(({ shape }, i) => {
      const start = end;
      end += shape[axis];
      if (!linear[i]) return null;
      return lax.slice(
        ct,
        shape.map((_, at) => (at === axis ? start : 0)),
        shape.map((extent, at) => (at === axis ? end : extent)),
      );
    });
  },
  batch: (lax, size, inputs, batched, { axis }: ConcatParams) => ({
    outputs: [
      lax.concat(
        inputs.map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size))),
        axis + 1,
      ),
    ],
    batched: [true],
  }),
  evaluate(inputs, { axis }: ConcatParams, [output]) {
    const data = refData(output.dtype, sizeOf(output.shape));
    const outer = sizeOf(output.shape.slice(0, axis));
    const blocks = inputs.map((input) => sizeOf(input.shape.slice(axis)));
    let to = 0;
    for (let row = 0; row < outer; row++) {
      inputs.forEach((input, i) => {
        data.set(input.data.subarray(row * blocks[i], (row + 1) * blocks[i]), to);
        to += blocks[i];
      });
    }
    return [refArray(output.shape, output.dtype, data)];
  },
};

export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0];
  return bind(concatPrimitive, values, {
    axis: values.length === 0 ? axis : normalizeAxis('concat', axis, values[0].shape.length),
  })[0];
}
