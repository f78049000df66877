import { DTypeError, OutOfMemoryError } from '../errors/errors.ts';

/** Element types. `f32` is the default; `f64` lives on CPU devices; `bool` is stored as 0 or 1. */
export type DType = 'f32' | 'f64' | 'i32' | 'u32' | 'bool';

/** Host arrays that data is read into and made from. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const DTYPES: readonly DType[] = ['bool', 'u32', 'i32', 'f32', 'f64'];

export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f64';
export const isInteger = (dtype: DType): boolean => dtype === 'i32' || dtype === 'u32';

/** Bytes of one element in device memory. Booleans take a 32-bit lane, so that they vectorise like the rest. */
export const bytesPerElement = (dtype: DType): number => (dtype === 'f64' ? 8 : 4);

/**
 * The dtype two operands meet at: the later one in bool, u32, i32, f32, f64.
 * (u32 with i32 gives i32, as NumPy would with 64-bit integers cut to 32.)
 */
export function promoteTypes(a: DType, b: DType): DType {
  return DTYPES.indexOf(a) >= DTYPES.indexOf(b) ? a : b;
}

/**
 * The dtype a tensor of dtype `dtype` takes when it meets the JavaScript number `value`:
 * its own, unless the number is a fraction (or not finite) and the dtype cannot hold it.
 */
export function promoteNumber(dtype: DType, value: number): DType {
  if (isFloat(dtype)) return dtype;
  if (!Number.isInteger(value)) return 'f32';
  return dtype === 'bool' ? 'i32' : dtype;
}

/** The floating dtype that real functions of `dtype` return: integers and booleans become f32. */
export const floatOf = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'f32');

/** A host array of `size` zeros that holds `dtype`. */
export function hostArray(dtype: DType, size: number): TypedArray {
  try {
    return newArray(dtype, size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OutOfMemoryError(
      `Out of memory: ${size * bytesPerElement(dtype)} bytes were asked for on the host, which has no room for them. Use a smaller shape.`,
    );
  }
}

function newArray(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(size);
    case 'f64':
      return new Float64Array(size);
    case 'i32':
      return new Int32Array(size);
    case 'u32':
      return new Uint32Array(size);
    case 'bool':
      return new Uint8Array(size);
    default:
      throw new DTypeError(`Unknown dtype ${String(dtype)}. Use one of ${DTYPES.join(', ')}.`);
  }
}

/** Throws `DTypeError` unless `dtype` is one. */
export function checkDType(op: string, dtype: unknown): asserts dtype is DType {
  if (DTYPES.includes(dtype as DType)) return;
  throw new DTypeError(`${op}: expected a dtype of ${DTYPES.join(', ')}, got ${String(dtype)}. Use one of these.`);
}

/** The least and the largest number of an integer dtype. */
export const INTEGER_RANGE: Readonly<Record<'i32' | 'u32', readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
};

/** Whether an integer dtype has room for the number, its fraction cut; every other dtype has. */
export function fits(dtype: DType, value: number): boolean {
  if (dtype !== 'i32' && dtype !== 'u32') return true;
  const [least, largest] = INTEGER_RANGE[dtype];
  const whole = Math.trunc(value);
  return whole >= least && whole <= largest;
}

/** `value` itself; throws `DTypeError` where an integer dtype has no room for it, NaN and infinities included. */
export function checkFits(op: string, dtype: DType, value: number): number {
  if (fits(dtype, value)) return value;
  const [least, largest] = INTEGER_RANGE[dtype as 'i32' | 'u32'];
  throw new DTypeError(
    `${op}: expected a number that ${dtype} holds, from ${least} to ${largest}, got ${value}. Use another number, or a dtype with room for it.`,
  );
}

/** `value` as `dtype` would hold it: rounded to f32, wrapped to 32 bits, or 0/1. */
export function toDType(dtype: DType, value: number): number {
  switch (dtype) {
    case 'f32':
      return Math.fround(value);
    case 'i32':
      return value | 0;
    case 'u32':
      return value >>> 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
    default:
      return value;
  }
}
