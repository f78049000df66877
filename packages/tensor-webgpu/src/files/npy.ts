import { checkedOptions, describe } from '../errors/checks.ts';
import { FlowfieldError } from '../errors/errors.ts';
import { copyOfBytes } from './copyOfBytes.ts';
import type { FileArray } from './fileArray.ts';
import { bitsOf, numbersOf } from './halfPrecision.ts';

/** A malformed .npy or .npz file, or an array type that the format or this reader does not have. */
export class NpyError extends FlowfieldError {}

export type NpyArray = FileArray;

export interface NpyFile {
  /** The NumPy type string, such as `<f4`. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Row-major, whatever order the file had. */
  readonly data: NpyArray;
}

/** An array to be written: row-major. */
export interface NpyInput {
  readonly data: NpyArray;
  readonly shape: readonly number[];
  /** The NumPy type string; by the class of `data` when left out. */
  readonly descr?: string;
}

type ArrayClass = {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBuffer): NpyArray;
  new (size: number): NpyArray;
};

/** Arrays by type, without the order of bytes; half precision becomes f32 numbers, booleans bytes. */
const ARRAYS: Readonly<Record<string, ArrayClass>> = {
  f8: Float64Array,
  f4: Float32Array,
  f2: Float32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
  b1: Uint8Array,
};

/** A type string: order of bytes, the array for people, and the bytes of an element in the file. */
interface NpyType {
  readonly arrayClass: ArrayClass;
  readonly bytes: number;
  readonly swapped: boolean;
  readonly half: boolean;
}

function npyType(descr: string): NpyType | undefined {
  const name = descr.slice(1);
  const arrayClass = '<>=|'.includes(descr[0]) && Object.hasOwn(ARRAYS, name) ? ARRAYS[name] : undefined;
  return arrayClass && { arrayClass, bytes: Number(name[1]), swapped: descr[0] === '>', half: name === 'f2' };
}

const TYPE_NAMES = `${Object.keys(ARRAYS).join(', ')} in either order of bytes ('<' or '>')`;

/** The bytes of elements in the other order, in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The header is padded so that the data begin at a multiple of this. */
const ALIGNMENT = 64;

/**
 * The array of a .npy file (versions 1 to 3 of the format, numpy.lib.format), in either order of bytes; half precision comes
 * as f32 numbers. Written here because the packages at hand only read, and fetch files on their own.
 * @throws NpyError for anything that is not such a file.
 */
export function readNpy(bytes: Uint8Array): NpyFile {
  if (!(bytes instanceof Uint8Array))
    throw new NpyError(`npy: expected the file as a Uint8Array, got ${describe(bytes)}.`);
  if (bytes.length < 10 || !MAGIC.every((byte, i) => bytes[i] === byte))
    throw new NpyError(
      'npy: expected a file that begins with \\x93NUMPY, got other bytes. Save the array with numpy.save.',
    );
  const version = bytes[6];
  if (version < 1 || version > 3) throw new NpyError(`npy: format version ${version} is not known; expected 1 to 3.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new NpyError('npy: the file is cut off in its header.');
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + headerLength > bytes.length)
    throw new NpyError(`npy: the header claims ${headerLength} bytes, but only ${bytes.length - start} follow.`);
  const { descr, fortran, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(start, start + headerLength)));
  const type = npyType(descr);
  if (!type)
    throw new NpyError(
      `npy: type '${descr}' is not supported; expected one of ${TYPE_NAMES}. Convert it with astype in NumPy.`,
    );
  const { arrayClass } = type;
  const size = shape.reduce((product, extent) => product * extent, type.bytes);
  const data = bytes.subarray(start + headerLength);
  if (data.length !== size)
    throw new NpyError(
      `npy: shape (${shape.join(', ')}) of '${descr}' needs ${size} bytes, but the file has ${data.length}.`,
    );
  const buffer = copyOfBytes(data);
  if (type.swapped) swapBytes(new Uint8Array(buffer), type.bytes);
  const array = type.half ? numbersOf(new Uint16Array(buffer), 'F16') : new arrayClass(buffer);
  return { descr, shape, data: fortran ? toRowMajor(array, shape, arrayClass) : array };
}

/** The header is a Python dictionary of three entries. */
function parseHeader(text: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw new NpyError(
      `npy: expected a header with descr (a plain type), fortran_order and shape, got ${text.trim().slice(0, 200)}.`,
    );
  }
  const extents = shape
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return { descr, fortran: fortran === 'True', shape: extents };
}

function toRowMajor(array: NpyArray, shape: readonly number[], arrayClass: ArrayClass): NpyArray {
  const result = new arrayClass(array.length);
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < array.length; to++) {
    result[to] = array[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** The type string of a host array. */
function natural(data: NpyArray): string | undefined {
  const name = Object.keys(ARRAYS).find((name) => data instanceof ARRAYS[name]);
  return name && `${ARRAYS[name].BYTES_PER_ELEMENT === 1 ? '|' : '<'}${name}`;
}

/**
 * A .npy file (format version 1) of a row-major array, of the type `descr` where given: '|b1' for bytes that are booleans,
 * '<f2' for f32 numbers in half precision, '>' for big-endian ones.
 */
export function writeNpy(input: NpyInput): Uint8Array {
  if (!ArrayBuffer.isView(input?.data) || !Array.isArray(input.shape)) {
    throw new NpyError(`npy: expected { data: a typed array, shape: a list }, got ${describe(input)}.`);
  }
  const { data, shape, descr } = checkedOptions('writeNpy', input, ['data', 'shape', 'descr']);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    throw new NpyError(`npy: expected extents that are integers of at least 0, got (${shape.join(', ')}).`);
  const name = descr?.replace(/^=/, '<') ?? natural(data);
  const type = name === undefined ? undefined : npyType(name);
  if (!type || !(data instanceof type.arrayClass)) {
    throw new NpyError(
      `npy: a ${data.constructor.name} cannot be written${descr === undefined ? '' : ` as '${descr}'`}. Use one of ${TYPE_NAMES}.`,
    );
  }
  const content = new Uint8Array(
    type.half
      ? bitsOf(data as Float32Array, 'F16').buffer
      : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
  );
  if (type.swapped) swapBytes(content, type.bytes);
  if (shape.reduce((product, extent) => product * extent, 1) !== data.length) {
    throw new NpyError(`npy: shape (${shape.join(', ')}) does not hold ${data.length} elements.`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${name}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(total + content.length);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(total - 11)}\n`), 10);
  bytes.set(content, total);
  return bytes;
}
