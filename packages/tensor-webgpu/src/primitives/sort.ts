import { sortRoutine } from '../backends/wasm/routines/sort.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { sameShape, showShape } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { repeatFirst } from './elementwise.ts';

interface SortParams {
  readonly numKeys: number;
}

/** The order of two numbers; NaN comes last. */
function compare(x: number, y: number): number {
  if (x < y) return -1;
  if (x > y) return 1;
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

/**
 * Several operands of one shape reordered together along the last axis, so that the first `numKeys` of them
 * increase (the first decides, ties go to the next). Equal keys keep their order; NaN comes last.
 */
export const sortPrimitive: Primitive = {
  name: 'sort',
  kind: 'opaque',
  lowering: { as: 'call', code: [sortRoutine] },
  shape(inputs, { numKeys }: SortParams) {
    if (inputs.length === 0 || !Number.isInteger(numKeys) || numKeys < 1 || numKeys > inputs.length) {
      throw new ArgumentError(
        `sort: numKeys is ${numKeys} for ${inputs.length} operands. Give at least one operand and a number of keys from 1 to that.`,
      );
    }
    if (inputs[0].shape.length === 0 || inputs.some(({ shape }) => !sameShape(shape, inputs[0].shape))) {
      throw new ShapeError(
        `sort: shapes ${inputs.map((input) => showShape(input.shape)).join(', ')} do not fit. All operands must have one shape of at least one axis.`,
      );
    }
    return inputs.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  jvp(lax, inputs, tangents, { numKeys }: SortParams) {
    const last = inputs[0].shape.length - 1;
    const sorted = lax.sort([...inputs, lax.iota(inputs[0].shape, last, 'i32')], numKeys);
    const order = sorted[inputs.length];
    return {
      outputs: sorted.slice(0, inputs.length),
      tangents: tangents.map((tangent) => tangent && lax.gather(tangent, order, last)),
    };
  },
  batch(lax, size, inputs, batched, { numKeys }: SortParams) {
    const outputs = lax.sort(
      inputs.map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size))),
      numKeys,
    );
    return { outputs, batched: outputs.map(() => true) };
  },
  evaluate(inputs, { numKeys }: SortParams, outputs) {
    const size = inputs[0].data.length;
    const extent = inputs[0].shape[inputs[0].shape.length - 1];
    const sorted = inputs.map((input) => refData(input.dtype, size));
    const keys = inputs.slice(0, numKeys).map((input) => input.data);
    const order = new Int32Array(extent);
    for (let start = 0; start < size; start += extent) {
      for (let i = 0; i < extent; i++) order[i] = start + i;
      order.sort((i, j) => {
        for (const key of keys) {
          const sign = compare(key[i], key[j]);
          if (sign !== 0) return sign;
        }
        return i - j;
      });
      inputs.forEach((input, n) => {
        for (let i = 0; i < extent; i++) sorted[n][start + i] = input.data[order[i]];
      });
    }
    return inputs.map((input, n) => refArray(outputs[n].shape, input.dtype, sorted[n]));
  },
};

export const sort = (operands: readonly Value[], numKeys = 1): Value[] => bind(sortPrimitive, operands, { numKeys });
