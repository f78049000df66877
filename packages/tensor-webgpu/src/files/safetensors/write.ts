import { describe } from '../../errors/checks.ts';
import { ArgumentError } from '../../errors/errors.ts';
import {
  ARRAYS,
  byteSize,
  checkName,
  DTYPE_NAMES,
  isCount,
  METADATA,
  PREFIX,
  type SafetensorsArray,
  type SafetensorsDType,
  SafetensorsError,
} from './format.ts';

export interface SafetensorsInput {
  readonly shape: readonly number[];
  readonly data: SafetensorsArray;
  /** Needed where the array does not tell: BOOL, F16, BF16. */
  readonly dtype?: SafetensorsDType;
}

/** The dtype of a host array: the first in the table with its class. */
function dtypeOf({ data, dtype }: SafetensorsInput): SafetensorsDType {
  if (dtype !== undefined) return dtype;
  if (data instanceof Uint16Array) return 'U16';
  return DTYPE_NAMES.find((name) => data instanceof ARRAYS[name]) as SafetensorsDType;
}

/** Named tensors to write. */
export type SafetensorsInputs = ReadonlyMap<string, SafetensorsInput> | Readonly<Record<string, SafetensorsInput>>;

/**
 * A safetensors file of named tensors as a stream of parts: the header, then the bytes of one tensor after another,
 * which are not copied. Equal input gives equal bytes, those of the Python package: tensors are laid out by dtype, wide
 * ones first, then by name, so that every one is aligned.
 * @throws SafetensorsError for a shape that does not fit its data, or a name that cannot be written.
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
    const dtype = dtypeOf(input);
    if (!input.shape.every(isCount))
      throw new SafetensorsError(
        'invalidEntry',
        `tensor ${JSON.stringify(name)} has shape [${input.shape.join(', ')}]; expected integers of at least 0.`,
      );
    const size = byteSize(JSON.stringify(name), dtype, input.shape);
    if (size !== input.data.byteLength || !(input.data instanceof ARRAYS[dtype])) {
      throw new SafetensorsError(
        'sizeMismatch',
        `tensor ${JSON.stringify(name)} of ${dtype} and shape [${input.shape.join(', ')}] needs ${size} bytes in a ${ARRAYS[dtype].name}, got ${input.data.byteLength} bytes in a ${input.data.constructor.name}.`,
      );
    }
    return { name, dtype, size, input };
  });
  entries.sort((a, b) => DTYPE_NAMES.indexOf(a.dtype) - DTYPE_NAMES.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));

  const parts: string[] = [];
  if (Object.keys(metadata).length > 0)
    parts.push(`"${METADATA}":${JSON.stringify(metadata, Object.keys(metadata).sort())}`);
  let offset = 0;
  for (const { name, dtype, size, input } of entries) {
    parts.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: input.shape, data_offsets: [offset, offset + size] })}`,
    );
    offset += size;
  }
  const header = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerLength = Math.ceil(header.length / PREFIX) * PREFIX;
  const head = new Uint8Array(PREFIX + headerLength);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.fill(0x20, PREFIX).set(header, PREFIX);
  yield head;
  for (const { input } of entries) {
    yield new Uint8Array(input.data.buffer, input.data.byteOffset, input.data.byteLength);
  }
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
