import {
  gatherRows,
  numberedColumns,
  type PointTable,
  parsePointsCsv,
  parsePointsNpy,
  splitIndices,
} from '@flowfield/datasets';
import { RecipeError } from '../errors.ts';
import { skippedNotes } from '../events/skippedNotes.ts';
import { type DataFiles, sha256 } from '../files.ts';
import type { StoredData, TableOptions } from '../recipe.ts';
import { moons, moonsName } from './moons.ts';

/** Fewest rows that leave something to train on, to choose with and to measure on. */
const FEWEST_ROWS = 30;
const WHOLE = /^-?\d+$/;

/** A person's points, split and standardised: everything that the model knows of them. */
export interface PointData {
  readonly stored: StoredData;
  readonly dimension: number;
  readonly classes: readonly string[];
  readonly names: readonly string[];
  /** What is subtracted from each coordinate, and what it is then divided by, on the training part. */
  readonly center: Float64Array;
  readonly scale: Float64Array;
  readonly train: PartRows;
  readonly validation: PartRows;
  readonly test: PartRows;
}

/** Standardised points, row-major (n, dimension), and their classes (0 where there are none). */
export interface PartRows {
  readonly points: Float64Array;
  readonly labels: Int32Array;
}

/**
 * The points that `--data` names: a CSV file, a NumPy file, or the two moons that come with the program.
 * @param label the column of classes: its name, or for NumPy its number; empty for none
 * @throws RecipeError for a file that cannot be read or holds too few points; the errors of the parsers
 */
export async function loadPoints(
  source: string,
  { label, ...options }: TableOptions & { readonly label: string },
  files: DataFiles,
): Promise<StoredData & { readonly notes: readonly string[] }> {
  if (source === moonsName && options.columns !== undefined) {
    throw new RecipeError(`--columns is for a file, given with the data set '${source}'; leave it out, or name a file`);
  }
  const table = source === moonsName ? moons(label) : await readFile(source, label, options, files);
  const { points, count, dimension, labels, classes } = table;
  if (count < FEWEST_ROWS) {
    throw new RecipeError(
      `${source}: expected at least ${FEWEST_ROWS} points, given ${count}; a density needs some to learn from and some to be measured on`,
    );
  }
  const width = dimension + (labels ? 1 : 0);
  const values = new Float64Array(count * width);
  for (let i = 0; i < count; i++) {
    values.set(points.subarray(i * dimension, (i + 1) * dimension), i * width);
    if (labels) values[i * width + dimension] = labels[i];
  }
  const name = source.split(/[\\/]/).at(-1) ?? source;
  return {
    name,
    sha256: await sha256(new Uint8Array(values.buffer)),
    values,
    width,
    names: unlike(table.names),
    classes,
    notes: skippedNotes(table.skipped, count),
  };
}

async function readFile(
  source: string,
  label: string,
  { columns, skipBad }: TableOptions,
  files: DataFiles,
): Promise<PointTable> {
  const file = source;
  let bytes: Uint8Array;
  try {
    bytes = await files.named(source);
  } catch (cause) {
    throw new RecipeError(`--data expects a CSV or npy file of points, or ${moonsName}; ${(cause as Error).message}`, {
      cause,
    });
  }
  if (!source.toLowerCase().endsWith('.npy')) {
    return parsePointsCsv(bytes, {
      ...{ file, columns, skipBad },
      ...(label !== '' && { label }),
    });
  }
  if (label !== '' && !WHOLE.test(label)) {
    throw new RecipeError(
      `${source}: expected label as the number of a column, counted from 0, given '${label}'; NumPy files have no names`,
    );
  }
  return parsePointsNpy(bytes, {
    ...{ file, skipBad },
    ...(columns && { columns: numberedColumns(columns, file) }),
    ...(label !== '' && { label: Number(label) }),
  });
}

/** Names that differ: a second `x` becomes `x 2`. */
function unlike(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let i = 2; taken.has(own); i++) own = `${name} ${i}`;
    taken.add(own);
    return own;
  });
}

/**
 * Split by the seed, and standardised by the training part.
 * @throws RecipeError for a coordinate that has one value only
 */
export function preparePoints(stored: StoredData, seed: number): PointData {
  const { values, width, classes = [] } = stored;
  const dimension = width - (classes.length > 0 ? 1 : 0);
  const names = stored.names ?? Array.from({ length: dimension }, (_, i) => `x${i + 1}`);
  const split = splitIndices(values.length / width, { seed });
  const rows = gatherRows(values, split.train, width);
  const center = new Float64Array(dimension);
  const scale = new Float64Array(dimension);
  const count = split.train.length;
  for (let j = 0; j < dimension; j++) {
    for (let i = 0; i < count; i++) center[j] += rows[i * width + j] / count;
    for (let i = 0; i < count; i++) scale[j] += (rows[i * width + j] - center[j]) ** 2 / count;
    scale[j] = Math.sqrt(scale[j]);
    if (!Number.isFinite(scale[j])) {
      throw new RecipeError(
        `${stored.name}: column ${names[j]} has numbers whose squares are too large to add, such as ${rows[j]}; divide them first`,
      );
    }
    // A constant has a deviation of rounding.
    if (scale[j] > 1e-12 * Math.abs(center[j])) continue;
    throw new RecipeError(
      `${stored.name}: column ${names[j]} has one value only, ${rows[j]}, and no density; leave it out`,
    );
  }
  const part = (indices: ArrayLike<number>): PartRows => {
    const labels = Int32Array.from({ length: indices.length }, (_, i) =>
      classes.length > 0 ? values[indices[i] * width + dimension] : 0,
    );
    const points = Float64Array.from(
      { length: indices.length * dimension },
      (_, k) =>
        (values[indices[Math.floor(k / dimension)] * width + (k % dimension)] - center[k % dimension]) /
        scale[k % dimension],
    );
    return { points, labels };
  };
  return {
    ...{ stored, dimension, classes, names, center, scale },
    train: part(split.train),
    validation: part(split.validation),
    test: part(split.test),
  };
}
