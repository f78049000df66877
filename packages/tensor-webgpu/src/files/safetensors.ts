import { describe } from '../errors/checks.ts';
import { ArgumentError, FlowfieldError } from '../errors/errors.ts';

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

export type SafetensorsArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

type ArrayClass = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): SafetensorsArray };

/**
 * Host arrays by dtype, in the order in which other writers lay tensors out. F16 and BF16 come as their bits;
 * BOOL as bytes of 0 and 1.
 */
const ARRAYS = {
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

const DTYPE_NAMES = Object.keys(ARRAYS) as SafetensorsDType[];
const isDType = (name: unknown): name is SafetensorsDType => (DTYPE_NAMES as unknown[]).includes(name);

export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly data: SafetensorsArray;
}

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Map<string, string>;
}

/** Bytes of the header length that opens a file. */
const PREFIX = 8;
/** The format's own limit of the header, 100 MB: no honest file comes near it. */
const MAX_HEADER = 100_000_000;
const METADATA = '__metadata__';

/**
 * Tensors and metadata of a safetensors file (https://github.com/huggingface/safetensors, "Format"): 8 bytes of
 * header length, a JSON header, then the data of all tensors without gaps. The data are copied.
 * @throws SafetensorsError when anything about the file is wrong.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError(`readSafetensors: expected the file as a Uint8Array, got ${describe(bytes)}.`);
  const headerLength = readHeaderLength(bytes);
  const header = parseHeader(bytes.subarray(PREFIX, PREFIX + headerLength));
  const data = bytes.subarray(PREFIX + headerLength);
  const metadata = readMetadata(header[METADATA]);
  const places = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => readPlace(name, entry));
  checkCoverage(places, data.length);
  const tensors = new Map(
    places.map(
      ({ name, dtype, shape, begin, end }) =>
        [name, { dtype, shape, data: new ARRAYS[dtype](data.slice(begin, end).buffer) }] as const,
    ),
  );
  return { tensors, metadata };
}

function readHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < PREFIX) {
    throw new SafetensorsError(
      'shortFile',
      `expected at least ${PREFIX} bytes, got ${bytes.length}. The file is cut off or of another format.`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw new SafetensorsError(
      'headerTooLarge',
      `the header claims ${length} bytes; at most ${MAX_HEADER} are allowed. This is probably a file of another format.`,
    );
  }
  if (PREFIX + Number(length) > bytes.length) {
    throw new SafetensorsError(
      'headerBeyondFile',
      `the header claims ${length} bytes, but only ${bytes.length - PREFIX} follow. The file is cut off.`,
    );
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SafetensorsError('invalidUtf8', 'the header is not UTF-8 text.');
  }
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw new SafetensorsError('invalidJson', `the header is not JSON: ${(error as Error).message}.`);
  }
  if (!text.startsWith('{') || !isObject(header))
    throw new SafetensorsError('invalidJson', 'the header must be a JSON object that starts at its first byte.');
  checkDistinctNames(text);
  return header;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON.parse keeps the last of equal names without a word; here they are an error. `text` is valid JSON. */
function checkDistinctNames(text: string): void {
  const open: Set<string>[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      const names = open[open.length - 1];
      if (names.has(name))
        throw new SafetensorsError(
          'duplicateName',
          `the name ${JSON.stringify(name)} occurs twice in one object of the header.`,
        );
      names.add(name);
    }
  }
}

function readMetadata(metadata: unknown): Map<string, string> {
  if (metadata === undefined) return new Map();
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new SafetensorsError('invalidMetadata', `${METADATA} must map strings to strings.`);
  }
  return new Map(Object.entries(metadata) as [string, string][]);
}

interface Place {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Names become paths of plain objects, where this one would reach the prototype. */
function checkName(name: string): void {
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

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && !Object.is(value, -0);

function readPlace(name: string, entry: unknown): Place {
  checkName(name);
  const quoted = JSON.stringify(name);
  if (!isObject(entry) || Object.keys(entry).sort().join() !== 'data_offsets,dtype,shape') {
    throw new SafetensorsError('invalidEntry', `tensor ${quoted} must have exactly dtype, shape and data_offsets.`);
  }
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDType(dtype)) {
    throw new SafetensorsError(
      'unknownDType',
      `tensor ${quoted} has dtype ${JSON.stringify(dtype)}; expected one of ${DTYPE_NAMES.join(', ')}.`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new SafetensorsError(
      'invalidEntry',
      `tensor ${quoted} has shape ${JSON.stringify(shape)}; expected integers of at least 0.`,
    );
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw new SafetensorsError(
      'invalidEntry',
      `tensor ${quoted} has data_offsets ${JSON.stringify(offsets)}; expected two integers of at least 0.`,
    );
  }
  const [begin, end] = offsets as [number, number];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin > end) {
    throw new SafetensorsError(
      'offsetOverflow',
      `tensor ${quoted} has data_offsets [${begin}, ${end}]; expected begin <= end below 2^53.`,
    );
  }
  const size = byteSize(quoted, dtype, shape);
  if (size !== end - begin) {
    throw new SafetensorsError(
      'sizeMismatch',
      `tensor ${quoted} of ${dtype} and shape [${shape.join(', ')}] needs ${size} bytes, but its offsets span ${end - begin}.`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function byteSize(quoted: string, dtype: SafetensorsDType, shape: readonly number[]): number {
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

/** Throws unless the tensors cover the data from first to last byte, each byte once. */
function checkCoverage(places: readonly Place[], length: number): void {
  let covered = 0;
  for (const { name, begin, end } of [...places].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const quoted = JSON.stringify(name);
    if (begin < covered)
      throw new SafetensorsError(
        'overlap',
        `tensor ${quoted} begins at byte ${begin}, inside the tensor before it, which ends at ${covered}.`,
      );
    if (begin > covered)
      throw new SafetensorsError('gap', `bytes ${covered} to ${begin} before tensor ${quoted} belong to no tensor.`);
    if (end > length)
      throw new SafetensorsError(
        'offsetOverflow',
        `tensor ${quoted} ends at byte ${end}, but the file has ${length} bytes of data. The file is cut off.`,
      );
    covered = end;
  }
  if (covered < length)
    throw new SafetensorsError('trailingBytes', `${length - covered} bytes follow the last tensor.`);
}

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

/**
 * A safetensors file of named tensors, as bytes. Equal input gives equal bytes, those of the Python package: tensors are
 * laid out by dtype, wide ones first, then by name, so that every one is aligned.
 * @throws SafetensorsError for a shape that does not fit its data, or a name that cannot be written.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsInput> | Readonly<Record<string, SafetensorsInput>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  if (typeof tensors !== 'object' || tensors === null)
    throw new ArgumentError(`writeSafetensors: expected tensors by name, got ${describe(tensors)}.`);
  const entries = [
    ...(tensors instanceof Map ? tensors : Object.entries(tensors as Record<string, SafetensorsInput>)),
  ].map(([name, input]) => {
    checkName(name);
    if (!ArrayBuffer.isView(input?.data) || !Array.isArray(input.shape))
      throw new ArgumentError(
        `writeSafetensors: expected ${name} as { shape, data: a typed array }, got ${describe(input)}.`,
      );
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
  const bytes = new Uint8Array(PREFIX + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, PREFIX, PREFIX + headerLength).set(header, PREFIX);
  let position = PREFIX + headerLength;
  for (const { input } of entries) {
    bytes.set(new Uint8Array(input.data.buffer, input.data.byteOffset, input.data.byteLength), position);
    position += input.data.byteLength;
  }
  return bytes;
}
