import { checkChoice, checkedOptions, describe } from '../../errors/checks.ts';
import { ArgumentError } from '../../errors/errors.ts';
import { bitsOf } from '../halfPrecision.ts';
import {
  ARRAYS,
  byteSize,
  checkName,
  DTYPE_NAMES,
  isCount,
  isHalf,
  METADATA,
  PREFIX,
  type SafetensorsArray,
  type SafetensorsDType,
  SafetensorsError,
} from './format.ts';

export interface SafetensorsInput {
  readonly shape: readonly number[];
  readonly data: SafetensorsArray;
  /** Needed where the array does not tell: BOOL; F16 and BF16, from a Float32Array of numbers or a Uint16Array of their bits. */
  readonly dtype?: SafetensorsDType;
}

/** The dtype of a host array: the first in the table with its class. */
function dtypeOf(name: string, { data, dtype }: SafetensorsInput): SafetensorsDType {
  if (dtype !== undefined) {
    checkChoice('writeSafetensors', `the dtype of ${name}`, dtype, DTYPE_NAMES);
    return dtype;
  }
  if (data instanceof Uint16Array) return 'U16';
  const own = DTYPE_NAMES.find((dtype) => data instanceof ARRAYS[dtype]);
  if (own) return own;
  throw new ArgumentError(
    `writeSafetensors: expected the data of ${name} in an array of numbers or 64-bit integers, got ${describe(data)}. Copy it into a Uint8Array, a Float32Array or another of these.`,
  );
}

/** Throws `ArgumentError` unless metadata are strings by name: other readers refuse a file with anything else. */
function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata) || metadata instanceof Map)
    throw new ArgumentError(
      `writeSafetensors: expected metadata as a plain object of strings, got ${describe(metadata)}.`,
    );
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || !value.isWellFormed() || !name.isWellFormed())
      throw new ArgumentError(
        `writeSafetensors: expected metadata ${name} to be a string of valid Unicode, got ${describe(value)}. Write it as one, as String(value) or JSON.stringify(value) do.`,
      );
  }
}

/** Named tensors to write. */
export type SafetensorsInputs = ReadonlyMap<string, SafetensorsInput> | Readonly<Record<string, SafetensorsInput>>;

/**
 * A safetensors file of named tensors as a stream of parts: the header, then the bytes of one tensor after another,
 * which are not copied. Equal input gives equal bytes, those of the Python package: tensors are laid out by dtype, wide
 * ones first, then by name, so that every one is aligned.
 * @throws SafetensorsError for a shape that does not fit its data, or a name that cannot be written; ArgumentError for
 * metadata that are not strings.
 */
export function* safetensorsChunks(
  tensors: SafetensorsInputs,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array, void, undefined> {
  if (typeof tensors !== 'object' || tensors === null) {
    throw new ArgumentError(`writeSafetensors: expected tensors by name, got ${describe(tensors)}.`);
  }
  const entries = [
    ...(tensors instanceof Map ? tensors : Object.entries(tensors as Record<string, SafetensorsInput>)),
  ].map(([name, input]) => {
    checkName(name);
    if (!ArrayBuffer.isView(input?.data) || !Array.isArray(input.shape)) {
      throw new ArgumentError(
        `writeSafetensors: expected ${name} as { shape, data: a typed array }, got ${describe(input)}.`,
      );
    }
    const dtype = dtypeOf(name, checkedOptions('writeSafetensors', input, ['shape', 'data', 'dtype']));
    if (!input.shape.every(isCount))
      throw new SafetensorsError(
        'invalidEntry',
        `tensor ${JSON.stringify(name)} has shape [${input.shape.join(', ')}]; expected integers of at least 0.`,
      );
    const size = byteSize(JSON.stringify(name), dtype, input.shape);
    const data = isHalf(dtype) && input.data instanceof Float32Array ? bitsOf(input.data, dtype) : input.data;
    if (size !== data.byteLength || !(data instanceof ARRAYS[dtype])) {
      throw new SafetensorsError(
        'sizeMismatch',
        `tensor ${JSON.stringify(name)} of ${dtype} and shape [${input.shape.join(', ')}] needs ${size} bytes in a ${ARRAYS[dtype].name}, got ${input.data.byteLength} bytes in a ${input.data.constructor.name}.`,
      );
    }
    return { name, dtype, size, shape: input.shape, data };
  });
  entries.sort((a, b) => DTYPE_NAMES.indexOf(a.dtype) - DTYPE_NAMES.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));

  checkMetadata(metadata);
  const parts: string[] = [];
  if (Object.keys(metadata).length > 0)
    parts.push(`"${METADATA}":${JSON.stringify(metadata, Object.keys(metadata).sort())}`);
  let offset = 0;
  for (const { name, dtype, size, shape } of entries) {
    parts.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, offset + size] })}`);
    offset += size;
  }
  const header = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(header.length / PREFIX) * PREFIX;
  const head = new Uint8Array(PREFIX + headerLength);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.fill(0x20, PREFIX).set(header, PREFIX);
  yield head;
  for (const { data } of entries) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The whole file of `safetensorsChunks` at once. */
export function writeSafetensors(
  tensors: SafetensorsInputs,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const chunks = [...safetensorsChunks(tensors, metadata)];
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}
