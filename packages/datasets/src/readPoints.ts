import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { checkColumn, listOf, ofType, oneOf } from './arguments/checks.ts';
import { checkedOptions } from './arguments/options.ts';
import { DELIMITERS, type ParsePointsOptions, parsePointsCsv } from './parsePointsCsv.ts';
import { numberedColumns, parsePointsNpy } from './parsePointsNpy.ts';
import type { PointTable } from './pointTable.ts';

/** Thrown by {@link readPoints} for a file that is not there, of another kind, or options that do not apply to it. */
export class PointFileError extends Error {
  override name = 'PointFileError';
}

export interface ReadPointsOptions extends Omit<ParsePointsOptions, 'file' | 'label'> {
  /** The column of classes: its name in a CSV file, its number in an npy file. */
  readonly label?: string | number;
}

const TEXT_ENDINGS: readonly string[] = ['.csv', '.tsv', '.txt', '.dat'];

/**
 * Reads a person's own points from a file: `.npy` by {@link parsePointsNpy}; `.csv`, `.tsv`, `.txt` and `.dat` by
 * {@link parsePointsCsv}.
 *
 * @throws PointFileError, and what these throw, with the name of the file; DataArgumentError for arguments of another kind
 */
export async function readPoints(path: string, options: ReadPointsOptions = {}): Promise<PointTable> {
  ofType('string')('readPoints', 'path', path);
  checkedOptions('readPoints', options, {
    label: checkColumn,
    columns: listOf(ofType('string')),
    skipBad: ofType('boolean'),
    delimiter: oneOf(DELIMITERS),
  });
  const file = basename(path);
  const ending = extname(path).toLowerCase();
  const { label, ...text } = options;
  if (ending !== '.npy' && !TEXT_ENDINGS.includes(ending)) {
    throw new PointFileError(
      `${file}: expected a file that ends in .npy, ${TEXT_ENDINGS.join(', ')}, given '${ending}'. Rename or convert it.`,
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new PointFileError(
      `${path}: expected a file that can be read, given ${(error as NodeJS.ErrnoException).code ?? error}. Check the path.`,
    );
  }
  if (ending === '.npy') {
    const column = typeof label === 'string' && label.trim() !== '' ? Number(label) : label;
    if (column !== undefined && !Number.isInteger(column)) {
      throw new PointFileError(`${file}: expected the number of the label column, given ${JSON.stringify(label)}.`);
    }
    if (text.delimiter !== undefined) {
      throw new PointFileError(`${file}: a delimiter is for text files. Leave it out.`);
    }
    return parsePointsNpy(bytes, {
      file,
      ...(column !== undefined && { label: column as number }),
      ...(text.columns && { columns: numberedColumns(text.columns, file) }),
      ...(text.skipBad && { skipBad: true }),
    });
  }
  const name = label === undefined ? {} : { label: String(label) };
  return parsePointsCsv(bytes, { file, ...text, ...name });
}
