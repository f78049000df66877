import type { DType } from '../dtype/dtype.ts';
import { type Aval, Literal } from '../program/aval.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { checkShape, normalizeAxis, rowMajorStrides, type Shape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { literalValue } from '../trace/value.ts';
import { broadcastInDim } from './broadcast.ts';

interface IotaParams {
  readonly shape: Shape;
  readonly axis: number;
  readonly dtype: DType;
}

/** The position along `axis`: 0, 1, 2, …, the same wherever the other indices point. */
export const iotaPrimitive: Primitive = {
  name: 'iota',
  laws: ['neverMinusZero'],
  kind: 'elementwise',
  lowering: { as: 'position', axis: ({ axis }: IotaParams) => axis, cost: 0.5 },
  shape(_inputs, { shape, axis, dtype }: IotaParams) {
    checkShape('iota', shape);
    normalizeAxis('iota', axis, shape.length);
    return [{ shape, dtype }];
  },
  evaluate(_inputs, { axis }: IotaParams, [output]) {
    const size = sizeOf(output.shape);
    const data = refData(output.dtype, size);
    const step = rowMajorStrides(output.shape)[axis];
    const extent = output.shape[axis];
    for (let i = 0; i < size; i++) data[i] = Math.floor(i / step) % extent;
    return [refArray(output.shape, output.dtype, data)];
  },
};

export const iota = (shape: Shape, axis: number, dtype: DType): Value =>
  bind(iotaPrimitive, [], { shape, axis: normalizeAxis('iota', axis, shape.length), dtype })[0];

/** `shape` filled with one number: a literal, seen through a broadcast view. */
export function full(shape: Shape, value: number, dtype: DType): Value {
  const literal = literalValue(new Literal(value, dtype));
  return shape.length === 0 ? literal : broadcastInDim(literal, shape, []);
}

/** Zeros like `aval`. */
export const zeros = (aval: Aval): Value => full(aval.shape, 0, aval.dtype);
