import { type DType, hostArray, type TypedArray } from '../dtype/dtype.ts';
import { DTypeError } from '../errors/errors.ts';
import { Literal } from '../program/program.ts';
import type { Device } from '../runtime/device.ts';
import { defaultDevice } from '../runtime/registry.ts';
import type { Shape } from '../shape/shape.ts';
import { currentBuilder } from './builder.ts';
import { isValue, literalValue, makeValue, type Value } from './value.ts';

/** A value in memory from host data, on the default device unless another is named. */
function constantValue(data: TypedArray, shape: Shape, dtype: DType, device = defaultDevice()): Value {
  return makeValue({ shape, dtype }, { kind: 'stored', storage: device.put(data, dtype) });
}

/** A scalar: a literal inside a trace, a tensor in memory outside. */
function scalarValue(value: number, dtype: DType, device?: Device): Value {
  if (currentBuilder()) return literalValue(new Literal(value, dtype));
  return constantValue(hostArray(dtype, 1).fill(value), [], dtype, device);
}

/** What a plain number among tensors becomes. */
export interface NumberPlace {
  readonly device?: Device;
  readonly dtype?: DType;
}

/** A leaf of a transformed function's arguments or results as a value: numbers become f32 (or `dtype`), booleans bool scalars. */
export function liftLeaf(leaf: unknown, use: string, { device, dtype = 'f32' }: NumberPlace = {}): Value {
  if (isValue(leaf)) return leaf;
  if (typeof leaf === 'number' || typeof leaf === 'boolean') {
    return scalarValue(Number(leaf), typeof leaf === 'number' ? dtype : 'bool', device);
  }
  const given = leaf === null ? 'null' : typeof leaf === 'object' ? (leaf as object).constructor?.name : typeof leaf;
  throw new DTypeError(
    `${use}: expected tensors, numbers or booleans (in arrays and plain objects), got ${given}. ` +
      'Convert data with tensor(...), or mark the argument static.',
  );
}
