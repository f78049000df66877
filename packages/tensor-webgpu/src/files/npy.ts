import { describe } from '../errors/checks.ts';
import { FlowfieldError } from '../errors/errors.ts';
import { copyOfBytes } from './copyOfBytes.ts';
import type { FileArray } from './fileArray.ts';

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

const ARRAYS: Readonly<Record<string, ArrayClass>> = {
  '<f8': Float64Array,
  '<f4': Float32Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
  '<i4': Int32Array,
  '<u4': Uint32Array,
  '<i2': Int16Array,
  '<u2': Uint16Array,
  '|i1': Int8Array,
  '|u1': Uint8Array,
  '|b1': Uint8Array,
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The header is padded so that the data begin at a multiple of this. */
const ALIGNMENT = 64;

/**
 * The array of a .npy file (versions 1 to 3 of the format, numpy.lib.format), little-endian. Written here because
 * the packages at hand only read, and fetch files on their own.
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
  const arrayClass = ARRAYS[descr];
  if (!arrayClass)
    throw new NpyError(
      `npy: type '${descr}' is not supported; expected one of ${Object.keys(ARRAYS).join(', ')}. Convert it with astype in NumPy.`,
    );
  const size = shape.reduce((product, extent) => product * extent, arrayClass.BYTES_PER_ELEMENT);
  const data = bytes.subarray(start + headerLength);
  if (data.length !== size)
    throw new NpyError(
      `npy: shape (${shape.join(', ')}) of '${descr}' needs ${size} bytes, but the file has ${data.length}.`,
    );
  const array = new arrayClass(copyOfBytes(data));
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

/** A .npy file (format version 1) of a row-major array. Bytes are written as |u1 unless `descr` is '|b1'. */
export function writeNpy(input: NpyInput): Uint8Array {
  if (!ArrayBuffer.isView(input?.data) || !Array.isArray(input.shape)) {
    throw new NpyError(`npy: expected { data: a typed array, shape: a list }, got ${describe(input)}.`);
  }
  const { data, shape, descr } = input;
  const type = descr ?? Object.keys(ARRAYS).find((name) => data instanceof ARRAYS[name]);
  if (type === undefined || !(ARRAYS[type] && data instanceof ARRAYS[type])) {
    throw new NpyError(
      `npy: a ${data.constructor.name} cannot be written${descr === undefined ? '' : ` as '${descr}'`}. Use one of ${Object.keys(ARRAYS).join(', ')}.`,
    );
  }
  if (shape.reduce((product, extent) => product * extent, 1) !== data.length) {
    throw new NpyError(`npy: shape (${shape.join(', ')}) does not hold ${data.length} elements.`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(total + data.byteLength);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(total - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), total);
  return bytes;
}
