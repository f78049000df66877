import { DTypeError, ShapeError } from '../errors/errors.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxis, showShape, withoutAxes } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { NUMBERS } from './elementwise.ts';
import { rowsOf } from './reduce.ts';

interface ArgReduceParams {
  readonly axis: number;
}

/** The position (i32) of the first winner along `axis`; a NaN wins over every number, as in NumPy. */
function argReduction(name: 'argMax' | 'argMin', wins: (x: number, best: number) => boolean): Primitive {
  const primitive: Primitive = {
    name,
    kind: 'reduce',
    lowering: { as: 'reduce', operation: name, axes: ({ axis }: ArgReduceParams) => [axis] },
    shape([x], { axis }: ArgReduceParams) {
      if (!NUMBERS.includes(x.dtype)) {
        throw new DTypeError(
          `${name}: dtype ${x.dtype} is not supported; expected ${NUMBERS.join(', ')}. Cast the operand first.`,
        );
      }
      const at = normalizeAxis(name, axis, x.shape.length);
      if (x.shape[at] === 0) {
        throw new ShapeError(
          `${name}: axis ${axis} of shape ${showShape(x.shape)} has no elements, so none wins. Give at least one element.`,
        );
      }
      return [{ shape: withoutAxes(x.shape, [at]), dtype: 'i32' }];
    },
    jvp: (_lax, inputs, _tangents, params) => ({ outputs: bind(primitive, inputs, params), tangents: [null] }),
    batch: (_lax, _size, inputs, _batched, { axis }: ArgReduceParams) => ({
      outputs: bind(primitive, inputs, { axis: axis + 1 }),
      batched: [true],
    }),
    evaluate([x], { axis }: ArgReduceParams, [output]) {
      const { data, rows, length } = rowsOf(x, [axis]);
      const out = refData('i32', rows);
      for (let row = 0; row < rows; row++) {
        const start = row * length;
        let best = 0;
        for (let i = 1; i < length && !Number.isNaN(data[start + best]); i++) {
          const value = data[start + i];
          if (wins(value, data[start + best]) || Number.isNaN(value)) best = i;
        }
        out[row] = best;
      }
      return [refArray(output.shape, 'i32', out)];
    },
  };
  return primitive;
}

export const argMaxPrimitive = argReduction('argMax', (x, best) => x > best);
export const argMinPrimitive = argReduction('argMin', (x, best) => x < best);

export const argMax = (x: Value, axis: number): Value =>
  bind(argMaxPrimitive, [x], { axis: normalizeAxis('argMax', axis, x.shape.length) })[0];
export const argMin = (x: Value, axis: number): Value =>
  bind(argMinPrimitive, [x], { axis: normalizeAxis('argMin', axis, x.shape.length) })[0];
