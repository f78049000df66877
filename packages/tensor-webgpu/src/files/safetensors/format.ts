import { FlowfieldError } from '../../errors/errors.ts';
import type { FileArray } from '../fileArray.ts';
import type { HalfType } from '../halfPrecision.ts';

/** The ways in which a safetensors file can be wrong. */
export type SafetensorsFault =
  | 'shortFile'
  | 'headerTooLarge'
  | 'headerBeyondFile'
  | 'invalidUtf8'
  | 'invalidJson'
  | 'invalidEntry'
  | 'invalidMetadata'
  | 'duplicateName'
  | 'unsafeName'
  | 'unknownDType'
  | 'shapeOverflow'
  | 'offsetOverflow'
  | 'sizeMismatch'
  | 'overlap'
  | 'gap'
  | 'trailingBytes';

/** A malformed safetensors file, or tensors that cannot be written as one; `fault` says in which way. */
export class SafetensorsError extends FlowfieldError {
  readonly fault: SafetensorsFault;

  constructor(fault: SafetensorsFault, message: string) {
    super(`safetensors: ${message}`);
    this.fault = fault;
  }
}

export type SafetensorsArray = FileArray;

type ArrayClass = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): SafetensorsArray };

/**
 * Arrays of a file's bytes by dtype, in the order in which other writers lay tensors out. F16 and BF16 are given to people
 * as the f32 numbers that they stand for; BOOL as bytes of 0 and 1.
 */
export const ARRAYS = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<string, ArrayClass>;

export type SafetensorsDType = keyof typeof ARRAYS;

export const DTYPE_NAMES = Object.keys(ARRAYS) as SafetensorsDType[];
export const isDType = (name: unknown): name is SafetensorsDType => (DTYPE_NAMES as unknown[]).includes(name);

export const isHalf = (dtype: SafetensorsDType): dtype is HalfType => dtype === 'F16' || dtype === 'BF16';

export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** A Float32Array for F16 and BF16; else an array of the dtype. */
  readonly data: SafetensorsArray;
}

/** Bytes of the header length that opens a file. */
export const PREFIX = 8;
/** The header's key for free text. */
export const METADATA = '__metadata__';

/** Names become paths of plain objects, where this one would reach the prototype. */
export function checkName(name: string): void {
  if (name.split('.').includes('__proto__')) {
    throw new SafetensorsError(
      'unsafeName',
      `the name ${JSON.stringify(name)} has a part '__proto__', which no tensor may have. Rename it.`,
    );
  }
  if (!name.isWellFormed())
    throw new SafetensorsError(
      'unsafeName',
      `the name ${JSON.stringify(name)} is not valid Unicode. Rename the tensor.`,
    );
  if (name === METADATA)
    throw new SafetensorsError('unsafeName', `the name ${METADATA} is kept for metadata. Rename the tensor.`);
}

export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && !Object.is(value, -0);

/** Bytes of a tensor; throws when they cannot be counted. */
export function byteSize(quoted: string, dtype: SafetensorsDType, shape: readonly number[]): number {
  let size: number = ARRAYS[dtype].BYTES_PER_ELEMENT;
  // Every factor counts, so that a zero extent does not hide a product that other readers cannot hold.
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size) || !Number.isSafeInteger(extent)) {
      throw new SafetensorsError(
        'shapeOverflow',
        `tensor ${quoted} of shape [${shape.join(', ')}] has more elements than can be counted.`,
      );
    }
  }
  return size;
}
