import { describe } from '../../errors/checks.ts';
import { ArgumentError } from '../../errors/errors.ts';
import { copyOfBytes } from '../copyOfBytes.ts';
import { numbersOf } from '../halfPrecision.ts';
import { ARRAYS, isHalf, PREFIX, type SafetensorsDType, type SafetensorsEntry, SafetensorsError } from './format.ts';
import { type Place, readHeader, readHeaderLength } from './header.ts';

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Map<string, string>;
}

function entryOf({ dtype, shape }: Place, bytes: Uint8Array): SafetensorsEntry {
  const data = new ARRAYS[dtype](copyOfBytes(bytes));
  return { dtype, shape, data: isHalf(dtype) ? numbersOf(data as Uint16Array, dtype) : data };
}

/**
 * Tensors and metadata of a safetensors file (https://github.com/huggingface/safetensors, "Format"): 8 bytes of
 * header length, a JSON header, then the data of all tensors without gaps. The data are copied; F16 and BF16 become numbers.
 * @throws SafetensorsError when anything about the file is wrong.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(`readSafetensors: expected the file as a Uint8Array, got ${describe(bytes)}.`);
  }
  const start = PREFIX + readHeaderLength(bytes, bytes.length);
  const { places, metadata } = readHeader(bytes.subarray(PREFIX, start), bytes.length - start);
  const tensors = new Map(
    places.map(
      (place) => [place.name, entryOf(place, bytes.subarray(start + place.begin, start + place.end))] as const,
    ),
  );
  return { tensors, metadata };
}

/** A file that can be read in parts: of a file handle, of a server that answers ranges, … */
export interface SafetensorsSource {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes from `begin` up to (not including) `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** What is read of a `Blob`. */
export interface SafetensorsBlob {
  readonly size: number;
  slice(begin: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** An open file: the header is in memory, tensors are read one by one. */
export interface SafetensorsReader {
  readonly metadata: Map<string, string>;
  /** Dtypes and shapes by name, in the file's order. */
  readonly entries: ReadonlyMap<string, { readonly dtype: SafetensorsDType; readonly shape: readonly number[] }>;
  /** One tensor. Throws `ArgumentError` for a name the file does not have. */
  read(name: string): Promise<SafetensorsEntry>;
  /** All tensors in the order of their bytes, one in memory at a time. */
  stream(): AsyncGenerator<[name: string, entry: SafetensorsEntry], void, undefined>;
}

const isSource = (file: unknown): file is SafetensorsSource =>
  typeof file === 'object' && file !== null && typeof (file as Partial<SafetensorsSource>).read === 'function';

/**
 * Opens a safetensors file without reading its data: only the header is fetched and checked. Takes a `Blob` (a `File` of
 * a page, or `fs.openAsBlob` of Node) or any source of byte ranges.
 * @throws SafetensorsError when the header is wrong, or when the source returns fewer bytes than asked; ArgumentError for another
 * kind of file.
 */
export async function openSafetensors(file: SafetensorsBlob | SafetensorsSource): Promise<SafetensorsReader> {
  if (!isSource(file) && typeof (file as SafetensorsBlob | undefined)?.size !== 'number') {
    throw new ArgumentError(
      `openSafetensors: expected a Blob, or a source { size, read }, got ${describe(file)}. Use readSafetensors for bytes in memory.`,
    );
  }
  const source = isSource(file) ? file : blobSource(file);
  const fetch = async (begin: number, end: number): Promise<Uint8Array> => {
    const bytes = await source.read(begin, end);
    if (bytes.length === end - begin) return bytes;
    throw new SafetensorsError(
      'shortFile',
      `expected ${end - begin} bytes from byte ${begin}, got ${bytes.length}. The file is cut off, or changed while it was read.`,
    );
  };
  const start = PREFIX + readHeaderLength(await fetch(0, Math.min(PREFIX, source.size)), source.size);
  const { places, metadata } = readHeader(await fetch(PREFIX, start), source.size - start);
  const byName = new Map(places.map((place) => [place.name, place]));
  const load = async (place: Place): Promise<SafetensorsEntry> =>
    entryOf(place, await fetch(start + place.begin, start + place.end));
  return {
    metadata,
    entries: byName,
    async read(name) {
      const place = byName.get(name);
      if (place) return load(place);
      throw new ArgumentError(
        `openSafetensors: the file has no tensor ${JSON.stringify(name)}; it has ${[...byName.keys()].join(', ') || 'none'}.`,
      );
    },
    async *stream() {
      for (const place of [...places].sort((a, b) => a.begin - b.begin)) yield [place.name, await load(place)];
    },
  };
}

const blobSource = (blob: SafetensorsBlob): SafetensorsSource => ({
  size: blob.size,
  read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
});
