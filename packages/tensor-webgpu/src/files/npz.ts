import { unzipSync, type Zippable, zipSync } from 'fflate';
import { checkedOptions } from '../errors/checks.ts';
import { NpyError, type NpyFile, type NpyInput, readNpy, writeNpy } from './npy.ts';

const SUFFIX = '.npy';
/** The date NumPy writes too, so that equal arrays make equal files. */
const DATE = new Date(1980, 0, 1);

/**
 * The arrays of a .npz file by name, as `numpy.savez` and `numpy.savez_compressed` write it: a zip of .npy files.
 * Checksums of the zip are not verified; the sizes of the arrays are.
 * @throws NpyError for what is not a zip, holds anything but arrays, or has an array that `readNpy` refuses.
 */
export function readNpz(bytes: Uint8Array): Record<string, NpyFile> {
  return Object.fromEntries(
    Object.entries(unzip(bytes)).map(([path, content]): [string, NpyFile] => {
      if (!path.endsWith(SUFFIX))
        throw new NpyError(`npz: expected entries that end in ${SUFFIX}, got '${path}'. Take it out of the archive.`);
      const name = path.slice(0, -SUFFIX.length);
      return [name, named(name, () => readNpy(content))];
    }),
  );
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (cause) {
    throw new NpyError(
      `npz: expected a zip archive, and this one does not open (${(cause as Error).message}). Check that the file is complete.`,
      { cause },
    );
  }
}

/** Errors of one array say which. */
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof NpyError)) throw cause;
    throw new NpyError(`npz, array '${name}': ${cause.message}`, { cause });
  }
}

export interface NpzOptions {
  /** Deflate the arrays, as `numpy.savez_compressed` does (default false: stored). */
  readonly compress?: boolean;
}

/**
 * A .npz file of named arrays, which `numpy.load` reads. Equal arrays make equal files.
 * @throws NpyError for an array whose shape and data do not fit.
 */
export function writeNpz(arrays: Readonly<Record<string, NpyInput>>, options: NpzOptions = {}): Uint8Array {
  const { compress = false } = checkedOptions('writeNpz', options, ['compress']);
  const files: Zippable = {};
  for (const [name, array] of Object.entries(arrays)) files[name + SUFFIX] = named(name, () => writeNpy(array));
  return zipSync(files, { level: compress ? 6 : 0, mtime: DATE });
}
