import { checkColumn, listOf, ofType } from './arguments/checks.ts';
import { checkedBytes, type FileBytes } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { encodeLabels, type PointTable } from './pointTable.ts';

/** Base of every error of {@link parsePointsNpy}. The message names the file, what was expected, given, and what to do. */
export class NpyPointsError extends Error {
  override name = 'NpyPointsError';
}

/** The bytes are no NumPy array, or of a type without numbers. */
export class NpyFormatError extends NpyPointsError {
  override name = 'NpyFormatError';
}

/** The file has fewer or more bytes than its header says. */
export class NpyLengthError extends NpyPointsError {
  override name = 'NpyLengthError';
}

/** The array holds no points: other axes, no rows, NaN, or no such label column. */
export class NpyContentError extends NpyPointsError {
  override name = 'NpyContentError';
}

export interface NpyPointsOptions {
  /** Name of the file in error messages; `'npy'` when left out. */
  readonly file?: string;
  /** The column that holds classes, counted from 0, or from the end if negative. */
  readonly label?: number;
  /** The columns that hold coordinates, counted from 0, or from the end if negative; when left out, all but the label. */
  readonly columns?: readonly number[];
  /** Leaves out rows with NaN or infinity, and says which (`skipped`), instead of throwing. */
  readonly skipBad?: boolean;
}

interface NpyType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const TYPES: Readonly<Record<string, NpyType>> = {
  f2: { bytes: 2, read: (view, at, little) => halfPrecision(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads points from a NumPy file (.npy, versions 1 to 3) of numbers with shape [count, dimension], or [count] for points on a
 * line, in either byte order and either order of axes, as double precision.
 *
 * @throws NpyFormatError, NpyLengthError, NpyContentError: all are NpyPointsError; DataArgumentError for arguments of another
 * kind
 */
export function parsePointsNpy(bytes: FileBytes, options: NpyPointsOptions = {}): PointTable {
  const {
    file = 'npy',
    label,
    columns,
    skipBad = false,
  } = checkedOptions('parsePointsNpy', options, {
    file: ofType('string'),
    label: checkColumn,
    columns: listOf(checkColumn),
    skipBad: ofType('boolean'),
  });
  const { shape, values } = parseArray(checkedBytes('parsePointsNpy', 'the file', bytes), file);
  const [count, width] = shape.length === 1 ? [shape[0]!, 1] : (shape as [number, number]);
  if (shape.length < 1 || shape.length > 2 || count === 0 || width === 0) {
    throw new NpyContentError(
      `${file}: expected points of shape [count, dimension] with at least one of each, given [${shape.join(', ')}]. Reshape the array, as in x.reshape(len(x), -1).`,
    );
  }
  const labelAt = label === undefined ? -1 : columnAt(label, width, file, 'a label column');
  const at = columns
    ? columns.map((column) => columnAt(column, width, file, 'columns'))
    : Array.from({ length: width }, (_, i) => i).filter((i) => i !== labelAt);
  if (at.length === 0) {
    throw new NpyContentError(
      `${file}: expected a label column beside coordinates, given ${columns ? 'no columns' : 'a label alone'}. Add them.`,
    );
  }
  const used = labelAt < 0 ? at : [...at, labelAt];
  const bad: NpyContentError[] = [];
  const rows: number[] = [];
  for (let i = 0; i < count; i++) {
    const column = used.find((j) => !Number.isFinite(values[i * width + j]));
    if (column === undefined) {
      rows.push(i);
      continue;
    }
    const error = new NpyContentError(
      `${file}: expected finite numbers, given ${values[i * width + column]} in row ${i}, column ${column}. Remove such rows.`,
    );
    if (!skipBad) throw error;
    bad.push(error);
  }
  if (rows.length === 0) throw bad[0];
  const points = Float64Array.from(
    { length: rows.length * at.length },
    (_, k) => values[rows[Math.floor(k / at.length)]! * width + at[k % at.length]!]!,
  );
  const table = {
    points,
    count: rows.length,
    dimension: at.length,
    names: at.map((column, j) => `x${(columns ? column : j) + 1}`),
    ...(skipBad && { skipped: { count: bad.length, first: bad.slice(0, TOLD) } }),
  };
  return labelAt < 0 ? table : { ...table, ...encodeLabels(rows.map((i) => String(values[i * width + labelAt]))) };
}

/**
 * Columns that a person wrote as numbers from 1, as for text files, as {@link parsePointsNpy} counts them.
 * @throws NpyContentError for names, which NumPy files do not have; DataArgumentError for arguments of another kind
 */
export function numberedColumns(columns: readonly string[], file: string): number[] {
  listOf(ofType('string'))('numberedColumns', 'columns', columns);
  ofType('string')('numberedColumns', 'file', file);
  return columns.map((column) => {
    if (/^[1-9]\d*$/.test(column)) return Number(column) - 1;
    throw new NpyContentError(
      `${file}: expected columns as numbers from 1, given '${column}'. NumPy files have no names of columns.`,
    );
  });
}

/** Rows that were left out and are told of. */
const TOLD = 3;

/** A column counted from 0. */
function columnAt(given: number, width: number, file: string, what: string): number {
  const at = given < 0 ? width + given : given;
  if (Number.isInteger(at) && at >= 0 && at < width) return at;
  throw new NpyContentError(`${file}: expected ${what} from 0 to ${width - 1}, given ${given}. Count columns from 0.`);
}

function parseArray(bytes: Uint8Array, file: string): { shape: readonly number[]; values: Float64Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new NpyFormatError(
      `${file}: expected a NumPy file, which begins with \\x93NUMPY, given other bytes. Write it with numpy.save; text belongs to parsePointsCsv.`,
    );
  }
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, Math.min(end, bytes.length)));
  const descr = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const extents = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  const type = descr ? TYPES[descr[2]!] : undefined;
  if (!descr || !type || !order || !extents) {
    throw new NpyFormatError(
      `${file}: expected numbers of type ${Object.keys(TYPES).join(', ')}, given the header ${JSON.stringify(header.trim().slice(0, 120))}. Save a plain numeric array, as by x.astype('float64').`,
    );
  }
  const shape = extents[1]!
    .split(',')
    .map((extent) => extent.trim())
    .filter((extent) => extent !== '')
    .map(Number);
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== end + size * type.bytes) {
    throw new NpyLengthError(
      `${file}: expected ${end + size * type.bytes} bytes for shape [${shape.join(', ')}], given ${bytes.length}. Write or download the file again.`,
    );
  }
  const values = new Float64Array(size);
  const columns = shape.length === 2 ? shape[1]! : 1;
  const rows = shape.length === 2 ? shape[0]! : size;
  const little = descr[1] !== '>';
  for (let i = 0; i < size; i++) {
    // In column order, element i of the file is row i mod rows of column i / rows.
    const to = order[1] === 'True' ? (i % rows) * columns + Math.floor(i / rows) : i;
    values[to] = type.read(view, end + i * type.bytes, little);
  }
  return { shape, values };
}

/** The number of an IEEE 754 half. */
function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
