import { bytesPerElement, type DType, hostArray, INTEGER_RANGE, isFloat, isInteger } from '../dtype/dtype.ts';
import { DTypeError } from '../errors/errors.ts';
import { Literal } from '../program/aval.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { literalValue } from '../trace/value.ts';
import { batchElementwise, elementwise, type Scalar } from './elementwise.ts';

/** The conversion of one number: a float beyond an integer type goes to its nearest bound, NaN to 0. */
function convert(from: DType, to: DType): Scalar {
  if ((to === 'i32' || to === 'u32') && isFloat(from)) {
    const [least, largest] = INTEGER_RANGE[to];
    return (x) => (Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, least), largest)));
  }
  // Rounding is what this conversion is; the float64 that stands for f32 elsewhere would hide it.
  if (to === 'f32') return Math.fround;
  return to === 'bool' ? (x) => (x !== 0 ? 1 : 0) : (x) => x;
}

/**
 * Conversion to another dtype. Floats go to integers towards zero and saturate; between i32 and u32 the bits
 * stay; to bool, anything but 0 is true.
 */
export const castPrimitive = elementwise({
  name: 'cast',
  laws: ['exact'],
  cost: 0.5,
  scalarFor: (from, params: { dtype: DType }) => convert(from, params.dtype),
  outputDType: (_inputs, params: { dtype: DType }) => params.dtype,
  jvp: (lax, _inputs, [dx], output) => (dx ? lax.cast(dx, output.dtype) : null),
  transpose: (lax, [ct], _inputs, _linear, _params, [x]) => [ct && lax.cast(ct, x.dtype)],
});

export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  if (x.state.kind === 'literal') {
    return literalValue(new Literal(convert(x.dtype, dtype)(x.state.literal.value), dtype));
  }
  return bind(castPrimitive, [x], { dtype })[0];
}

/** The same 32 bits read as another dtype: f32, i32 or u32. */
export const bitcastPrimitive: Primitive = {
  name: 'bitcast',
  kind: 'elementwise',
  lowering: { as: 'map', cost: 0 },
  shape([x], { dtype }: { dtype: DType }) {
    for (const each of [x.dtype, dtype]) {
      if (bytesPerElement(each) !== 4 || !(isFloat(each) || isInteger(each))) {
        throw new DTypeError(
          `bitcast: cannot read ${x.dtype} as ${dtype}; expected f32, i32 or u32 on both sides. Use cast to convert numbers.`,
        );
      }
    }
    return [{ shape: x.shape, dtype }];
  },
  jvp: (_lax, inputs, _tangents, params) => ({ outputs: bind(bitcastPrimitive, inputs, params), tangents: [null] }),
  batch: batchElementwise((inputs, params) => bind(bitcastPrimitive, inputs, params)),
  evaluate([x], _params, [output]) {
    const bits = hostArray(x.dtype, x.data.length);
    bits.set(x.data);
    const read = hostArray(output.dtype, 0).constructor as Float32ArrayConstructor;
    const data = refData(output.dtype, x.data.length);
    data.set(new read(bits.buffer as ArrayBuffer));
    return [refArray(output.shape, output.dtype, data)];
  },
};

export const bitcast = (x: Value, dtype: DType): Value =>
  x.dtype === dtype ? x : bind(bitcastPrimitive, [x], { dtype })[0];
