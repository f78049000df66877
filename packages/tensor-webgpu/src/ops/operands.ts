import { checkFits, type DType, floatOf, isFloat, promoteNumber, promoteTypes } from '../dtype/dtype.ts';
import { checkedList } from '../errors/checks.ts';
import { ArgumentError, DTypeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { wholeNumber } from '../primitives/wholeNumber.ts';
import { Literal } from '../program/aval.ts';
import type { Value } from '../program/value.ts';
import { broadcastShapes, checkShape, range, type Shape, sameShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NestedArray, TensorLike } from '../tensor/types.ts';
import type { PlainNumber } from '../trace/plainNumber.ts';
import { isValue, literalValue, numberBehind } from '../trace/value.ts';
import { tensor } from './creation.ts';

/** Whether `x` is a tensor. Throws `DuplicateError` for one of another copy of this library. */
export const isTensor = (x: unknown): x is Tensor => isValue(x);

export const isScalar = (x: unknown): x is number | boolean => typeof x === 'number' || typeof x === 'boolean';

export const isLiteralValue = (x: unknown): x is Tensor => isTensor(x) && x.state.kind === 'literal';

/** A number as a value: it stays a constant of the program. */
const scalar = (value: number | boolean, dtype: DType): Tensor =>
  literalValue(new Literal(Number(value), dtype)) as Tensor;

/** `x` as a tensor: numbers become f32 (booleans bool) scalars, arrays are copied to the device. */
export function asTensor(x: TensorLike, device?: string): Tensor {
  if (isTensor(x)) return x;
  if (typeof x === 'number') return scalar(x, 'f32');
  if (typeof x === 'boolean') return scalar(x, 'bool');
  return tensor(x, { device });
}

const holdsNumbers = (x: TensorLike): boolean =>
  Array.isArray(x) ? (x as NestedArray).some(holdsNumbers) : typeof x === 'number';

/**
 * Several operands as tensors; arrays go to the device of the first operand that is on one, and their numbers are not
 * rounded to f32 beside a tensor of f64.
 */
export function asTensors(xs: readonly TensorLike[]): Tensor[] {
  checkedList('tensors', 'several tensors', xs);
  const device = xs.find((x) => isTensor(x) && x.device !== undefined) as Tensor | undefined;
  const exact = xs.some((x) => isTensor(x) && x.dtype === 'f64');
  return xs.map((x) =>
    exact && Array.isArray(x) && holdsNumbers(x)
      ? tensor(x, { device: device?.device?.name, dtype: 'f64' })
      : asTensor(x, device?.device?.name),
  );
}

/** `x` in dtype `dtype`; nothing is recorded when it already has it. */
export function castTo(x: Value, dtype: DType): Tensor {
  if (x.dtype === dtype) return x as Tensor;
  return lax.cast(x, dtype) as Tensor;
}

/**
 * Operands in one dtype. A JavaScript number is rounded to it once, here: it has not been an f32 before.
 * @throws DTypeError for a number that an integer dtype has no room for.
 */
export const inType = (op: string, xs: readonly TensorLike[], values: readonly Tensor[], dtype: DType): Tensor[] =>
  xs.map((x, i) => {
    if (isScalar(x)) return scalar(checkFits(op, dtype, Number(x)), dtype);
    checkHeld(op, values[i], dtype);
    return castTo(values[i], dtype);
  });

/** `x` as a floating tensor: integers and booleans become f32. */
export const asFloat = (x: TensorLike): Tensor => {
  const value = asTensor(x);
  return castTo(value, floatOf(value.dtype));
};

/** `x` as a tensor of numbers: booleans become i32. */
export const asNumber = (x: TensorLike): Tensor => {
  const value = asTensor(x);
  return value.dtype === 'bool' ? castTo(value, 'i32') : value;
};

/** `x` repeated to `shape` by NumPy's rules; a scalar constant is left alone unless `always`. */
export function broadcastValue(op: string, x: Value, shape: Shape): Tensor {
  checkShape(op, shape);
  if (sameShape(x.shape, shape)) return x as Tensor;
  const target = broadcastShapes(op, x.shape, shape);
  if (!sameShape(target, shape)) {
    throw new ArgumentError(
      `${op}: shape [${x.shape.join(', ')}] does not broadcast to [${shape.join(', ')}]. Extents must be equal or 1.`,
    );
  }
  return lax.broadcastInDim(x, shape, range(shape.length - x.shape.length, shape.length)) as Tensor;
}

/**
 * The dtype several operands meet at; JavaScript numbers and booleans are weak, also those that a traced function was called
 * with.
 */
export function commonType(xs: readonly TensorLike[], values: readonly Tensor[]): DType {
  let dtype: DType | undefined;
  xs.forEach((x, i) => {
    if (!isScalar(x) && !numberBehind(values[i]))
      dtype = dtype === undefined ? values[i].dtype : promoteTypes(dtype, values[i].dtype);
  });
  for (const value of values) {
    const number = numberBehind(value);
    if (number) dtype = dtype === undefined ? value.dtype : besideNumber(dtype, value.dtype, number);
  }
  for (const x of xs) {
    if (!isScalar(x)) continue;
    if (typeof x === 'boolean') dtype ??= 'bool';
    else if (dtype === undefined || (dtype === 'bool' && xs.every(isScalar))) dtype = 'f32';
    else dtype = promoteNumber(dtype, x);
  }
  return dtype ?? 'f32';
}

/** The dtype at which `dtype` meets a number that the traced function was called with, which its program holds as a `float`. */
function besideNumber(dtype: DType, float: DType, number: PlainNumber): DType {
  if (isFloat(dtype)) return promoteTypes(dtype, float);
  number.asked = true;
  if (number.kind === 'fraction') return promoteTypes(dtype, float);
  return dtype === 'bool' ? 'i32' : dtype;
}

/** Throws `DTypeError` for a number that a traced function was called with and that is none of `dtype`. */
function checkHeld(op: string, value: Tensor, dtype: DType): void {
  const kind = numberBehind(value)?.kind;
  if (isFloat(dtype) || (kind !== 'large' && (kind !== 'negative' || dtype !== 'u32'))) return;
  throw new DTypeError(
    `${op}: expected a number that ${dtype} holds, got ${kind === 'negative' ? 'one below 0' : 'a larger one than f32 counts exactly'} as an argument of a traced function. Pass tensor(…, { dtype: '${dtype}' }), or make the argument static.`,
  );
}

/** Which dtypes an elementwise function works in: any, numbers (no booleans), or floats. */
export type Domain = 'any' | 'number' | 'float';

function domainType(dtype: DType, domain: Domain): DType {
  if (domain === 'float') return floatOf(dtype);
  if (domain === 'number' && dtype === 'bool') return 'i32';
  return dtype;
}

/**
 * Operands of an elementwise function in one dtype and one shape: promoted and broadcast where they differ.
 * Scalar constants stay constants, which fit beside any shape.
 */
export function elementwiseOperands(op: string, xs: readonly TensorLike[], domain: Domain = 'any'): Tensor[] {
  const values = asTensors(xs);
  const dtype = domainType(commonType(xs, values), domain);
  const shape = broadcastShapes(op, ...values.map((value) => value.shape));
  return inType(op, xs, values, dtype).map((x) => (isLiteralValue(x) ? x : broadcastValue(op, x, shape)));
}

/** Values of different dtypes in their common shape. */
export function broadcastPair(op: string, values: readonly Tensor[]): Tensor[] {
  const shape = broadcastShapes(op, ...values.map((value) => value.shape));
  return values.map((value) => (isLiteralValue(value) ? value : broadcastValue(op, value, shape)));
}

/** Throws `DTypeError` unless `x` holds integers. */
export function checkInteger(op: string, what: string, given: Tensor): Tensor {
  const x = wholeNumber(given) as Tensor;
  if (x.dtype === 'i32' || x.dtype === 'u32') return x;
  throw new DTypeError(`${op}: ${what} must be integers (i32 or u32), got ${x.dtype}. Cast with .astype('i32').`);
}
