import { type DType, hostArray, type TypedArray } from '../dtype/dtype.ts';
import { DTypeError } from '../errors/errors.ts';
import { type Aval, Literal } from '../program/program.ts';
import { defaultDevice } from '../runtime/registry.ts';
import { upload } from '../runtime/transfer.ts';
import type { Shape } from '../shape/shape.ts';
import { currentBuilder } from './builder.ts';
import { literalValue, makeValue, Value } from './value.ts';

/** A value in memory from host data, on the default device. */
function constantValue(data: TypedArray, shape: Shape, dtype: DType): Value {
  return makeValue({ shape, dtype }, { kind: 'stored', storage: upload(defaultDevice(), data, dtype) });
}

/** A scalar: a literal inside a trace, a tensor in memory outside. */
export function scalarValue(value: number, dtype: DType): Value {
  if (currentBuilder()) return literalValue(new Literal(value, dtype));
  return constantValue(hostArray(dtype, 1).fill(value), [], dtype);
}

/** The dtype of a plain leaf of a transformed function's arguments or results: numbers are f32, booleans bool. */
export const liftedDType = (leaf: unknown): DType | null =>
  typeof leaf === 'number' ? 'f32' : typeof leaf === 'boolean' ? 'bool' : null;

/** Such a leaf as a value: plain ones become scalars. */
export function liftLeaf(leaf: unknown, use: string): Value {
  if (leaf instanceof Value) return leaf;
  const dtype = liftedDType(leaf);
  return dtype ? scalarValue(Number(leaf), dtype) : refuseLeaf(leaf, use);
}

/** What such a leaf will be as a value. */
export function liftedForm(leaf: unknown, use: string): Aval {
  if (leaf instanceof Value) return leaf;
  const dtype = liftedDType(leaf);
  return dtype ? { shape: [], dtype } : refuseLeaf(leaf, use);
}

function refuseLeaf(leaf: unknown, use: string): never {
  const given = leaf === null ? 'null' : typeof leaf === 'object' ? (leaf as object).constructor?.name : typeof leaf;
  throw new DTypeError(
    `${use}: expected tensors, numbers or booleans (in arrays and plain objects), got ${given}. ` +
      'Convert data with tensor(...), or mark the argument static.',
  );
}
