import {
  byteSize,
  checkName,
  DTYPE_NAMES,
  isCount,
  isDType,
  METADATA,
  PREFIX,
  type SafetensorsDType,
  SafetensorsError,
} from './format.ts';

/** The format's own limit of the header, 100 MB: no honest file comes near it. */
const MAX_HEADER = 100_000_000;

/** Where a tensor stands in the data. */
export interface Place {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What a checked header says. */
export interface Header {
  readonly places: readonly Place[];
  readonly metadata: Map<string, string>;
}

/**
 * The header of a file whose data have `dataLength` bytes.
 * @throws SafetensorsError when anything about it is wrong.
 */
export function readHeader(bytes: Uint8Array, dataLength: number): Header {
  const header = parseHeader(bytes);
  const metadata = readMetadata(header[METADATA]);
  const places = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => readPlace(name, entry));
  checkCoverage(places, dataLength);
  return { places, metadata };
}

/** The header's length, from the first bytes of a file of `fileLength` bytes. */
export function readHeaderLength(bytes: Uint8Array, fileLength: number): number {
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
  if (PREFIX + Number(length) > fileLength) {
    throw new SafetensorsError(
      'headerBeyondFile',
      `the header claims ${length} bytes, but only ${fileLength - PREFIX} follow. The file is cut off.`,
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
