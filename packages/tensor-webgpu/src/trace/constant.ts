import { type DType, hostArray, type TypedArray } from '../dtype/dtype.ts';
import { DTypeError } from '../errors/errors.ts';
import { type Aval, Literal } from '../program/aval.ts';
import type { Value } from '../program/value.ts';
import type { Device } from '../runtime/device.ts';
import { defaultDevice } from '../runtime/registry.ts';
import { upload } from '../runtime/transfer.ts';
import type { Shape } from '../shape/shape.ts';
import { currentBuilder } from './builder.ts';
import { type NumberForm, plainNumber } from './plainNumber.ts';
import { isValue, literalValue, storedValue } from './value.ts';

/** A value in memory from host data, on the default device unless another is named. */
function constantValue(data: TypedArray, shape: Shape, dtype: DType, device = defaultDevice()): Value {
  return storedValue({ shape: Object.freeze(shape), dtype }, upload(device, data, dtype));
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

/** The dtype of a plain leaf of a transformed function's arguments or results: booleans are bool, numbers f32 (or `dtype`). */
export const liftedDType = (leaf: unknown, { dtype = 'f32' }: NumberPlace): DType | null =>
  typeof leaf === 'number' ? dtype : typeof leaf === 'boolean' ? 'bool' : null;

/** Such a leaf as a value: plain ones become scalars. */
export function liftLeaf(leaf: unknown, use: string, place: NumberPlace = {}): Value {
  if (isValue(leaf)) return leaf;
  const dtype = liftedDType(leaf, place);
  return dtype ? scalarValue(Number(leaf), dtype, place.device) : refuseLeaf(leaf, use);
}

/** The form of such a leaf; with what the trace may know of it, if it is a plain number. */
export type LeafForm = Aval & Partial<NumberForm>;

/** What such a leaf will be as a value. */
export function liftedForm(leaf: unknown, use: string, place: NumberPlace): LeafForm {
  if (isValue(leaf)) return leaf;
  const dtype = liftedDType(leaf, place);
  if (!dtype) return refuseLeaf(leaf, use);
  return typeof leaf === 'number' ? { shape: [], dtype, number: plainNumber(leaf) } : { shape: [], dtype };
}

function refuseLeaf(leaf: unknown, use: string): never {
  const given = leaf === null ? 'null' : typeof leaf === 'object' ? (leaf as object).constructor?.name : typeof leaf;
  throw new DTypeError(
    `${use}: expected tensors, numbers or booleans (in arrays and plain objects), got ${given}. ` +
      'Convert data with tensor(...), or mark the argument static.',
  );
}
