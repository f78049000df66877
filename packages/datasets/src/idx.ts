import { ofType } from './arguments/checks.ts';
import { checkedBytes, type FileBytes } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { gunzip } from './gunzip.ts';

/** Base of every error of an IDX file. The message names the file, what was expected, what was given and what to do. */
export class IdxError extends Error {
  override name = 'IdxError';
}

/** The file does not begin as an IDX file does. */
export class IdxFormatError extends IdxError {
  override name = 'IdxFormatError';
}

/** The file has fewer or more bytes than its header says. */
export class IdxLengthError extends IdxError {
  override name = 'IdxLengthError';
}

/** Arrays of other axes or types than images and labels have, or of two counts. */
export class IdxContentError extends IdxError {
  override name = 'IdxContentError';
}

/** The arrays that an IDX file can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What {@link parseIdx} returns. */
export interface IdxArray {
  /** Extents of the axes, the first one counts the items. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: IdxData;
}

export interface IdxOptions {
  /** Name of the file in error messages; `'idx'` when left out. */
  readonly file?: string;
}

interface IdxType {
  readonly bytes: number;
  readonly make: (length: number) => IdxData;
  readonly read: (view: DataView, at: number) => number;
}

/** By the third byte of the file. Numbers are big-endian. */
const TYPES: Readonly<Record<number, IdxType>> = {
  8: { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, make: (n) => new Int16Array(n), read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, make: (n) => new Int32Array(n), read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, make: (n) => new Float32Array(n), read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at) => view.getFloat64(at) },
};

/**
 * Reads an IDX file, the format of the MNIST database: two zero bytes, a type, the number of axes, their extents as
 * big-endian 32-bit numbers, and the elements.
 *
 * @throws IdxFormatError for other bytes (a gzip file is for {@link readIdx}), IdxLengthError for a cut or longer file;
 * DataArgumentError for arguments of another kind
 */
export function parseIdx(content: FileBytes, options: IdxOptions = {}): IdxArray {
  const { file = 'idx' } = checkedOptions('parseIdx', options, { file: ofType('string') });
  const bytes = checkedBytes('parseIdx', 'the file', content);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isGzip(bytes)) {
    throw new IdxFormatError(`${file}: expected an IDX file, given gzip. Read it with readIdx, which unpacks it.`);
  }
  const type = bytes.length >= 4 && view.getUint16(0) === 0 ? TYPES[bytes[2]!] : undefined;
  if (type === undefined) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new IdxFormatError(
      `${file}: expected an IDX file (bytes 00 00, a type among 08 09 0b 0c 0d 0e, the number of axes), given ${start || 'an empty file'}. Check that this is the right file, and downloaded completely.`,
    );
  }
  const axes = bytes[3]!;
  const header = 4 + 4 * axes;
  if (axes === 0 || bytes.length < header) {
    throw new IdxLengthError(
      `${file}: expected a header of ${Math.max(header, 8)} bytes with at least one axis, given ${bytes.length} bytes and ${axes} axes. Download the file again.`,
    );
  }
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== header + size * type.bytes) {
    throw new IdxLengthError(
      `${file}: expected ${header + size * type.bytes} bytes for shape [${shape.join(', ')}], given ${bytes.length}. Download the file again.`,
    );
  }
  const data = type.make(size);
  for (let i = 0; i < size; i++) data[i] = type.read(view, header + i * type.bytes);
  return { shape, data };
}

/**
 * Reads an IDX file that may be packed with gzip.
 *
 * @throws like {@link parseIdx}; IdxFormatError for a damaged gzip file
 */
export async function readIdx(content: FileBytes, options: IdxOptions = {}): Promise<IdxArray> {
  const { file = 'idx' } = checkedOptions('readIdx', options, { file: ofType('string') });
  const bytes = checkedBytes('readIdx', 'the file', content);
  if (!isGzip(bytes)) return parseIdx(bytes, { file });
  let unpacked: Uint8Array;
  try {
    unpacked = await gunzip(bytes);
  } catch (error) {
    throw new IdxFormatError(
      `${file}: expected a whole gzip file, given one that cannot be unpacked (${error instanceof Error ? error.message : error}). Download it again.`,
    );
  }
  return parseIdx(unpacked, { file });
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What {@link readIdxImages} returns. */
export interface LabelledImages {
  /** Brightness from 0 to 1, row-major [count, rows, columns]. */
  readonly images: Float32Array;
  /** One class per image; empty without a file of labels. */
  readonly labels: Int32Array;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Images (bytes [count, rows, columns]) and their labels (bytes [count]) from IDX files, packed with gzip or not, as
 * brightness in 0..1 and classes.
 *
 * @throws IdxContentError for files that hold something else, or different counts; and like {@link readIdx}
 */
export async function readIdxImages(
  images: FileBytes,
  labels?: FileBytes,
  options: IdxOptions = {},
): Promise<LabelledImages> {
  const { file = 'images' } = checkedOptions('readIdxImages', options, { file: ofType('string') });
  if (labels !== undefined) checkedBytes('readIdxImages', 'labels', labels);
  const pixels = await readIdx(checkedBytes('readIdxImages', 'images', images), { file });
  if (!(pixels.data instanceof Uint8Array) || pixels.shape.length !== 3) {
    throw new IdxContentError(
      `${file}: expected images, bytes with the axes count, rows and columns, given ${pixels.data.constructor.name} of shape [${pixels.shape.join(', ')}]. Check that images and labels are not swapped.`,
    );
  }
  const [count, rows, columns] = pixels.shape as [number, number, number];
  const brightness = Float32Array.from(pixels.data, (byte) => byte / 255);
  if (labels === undefined) return { images: brightness, labels: new Int32Array(0), count, rows, columns };
  const classes = await readIdx(labels, { file: `${file} (labels)` });
  if (
    classes.shape.length !== 1 ||
    classes.shape[0] !== count ||
    classes.data instanceof Float32Array ||
    classes.data instanceof Float64Array
  ) {
    throw new IdxContentError(
      `${file} (labels): expected ${count} whole numbers, one per image, given ${classes.data.constructor.name} of shape [${classes.shape.join(', ')}]. Take the labels that belong to these images.`,
    );
  }
  return { images: brightness, labels: Int32Array.from(classes.data), count, rows, columns };
}
