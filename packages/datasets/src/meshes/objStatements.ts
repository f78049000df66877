import { MeshIndexError, MeshLengthError, MeshValueError } from './meshErrors.ts';

/** Numbers read so far: vertices by three, texture points by two, normals by three. */
export interface Lists {
  readonly v: number[];
  readonly vt: number[];
  readonly vn: number[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const KINDS = [
  { list: 'v', width: 3, name: 'vertex', names: 'vertices' },
  { list: 'vt', width: 2, name: 'texture point', names: 'texture points' },
  { list: 'vn', width: 3, name: 'normal', names: 'normals' },
] as const;

/** The words of a statement as finite numbers, as many as it may have. */
export function numbersOf(
  file: string,
  line: number,
  words: readonly string[],
  { counts, what }: { readonly counts: readonly number[]; readonly what: string },
): number[] {
  if (!counts.includes(words.length)) {
    throw new MeshLengthError({
      file,
      line,
      expected: `${counts.join(', ')} numbers of ${what}`,
      given: `${words.length}`,
      remedy: 'Check that the line is not broken, and that numbers are written with a point.',
    });
  }
  return words.map((word) => {
    const value = Number(word);
    if (NUMBER.test(word) && Number.isFinite(value)) return value;
    throw new MeshValueError({
      file,
      line,
      expected: `finite numbers of ${what}`,
      given: JSON.stringify(word.slice(0, 40)),
      remedy: 'Write numbers in decimal with a point; a vertex without a place cannot be kept.',
    });
  });
}

/**
 * The corners of a face, `vertex/texture/normal` each, as indices from 0, three for each corner and -1 for what is left out. Positive indices may name what comes later.
 */
export function cornersOf(file: string, line: number, words: readonly string[], lists: Lists): Int32Array {
  if (words.length < 3) {
    throw new MeshLengthError({
      file,
      line,
      expected: 'a face of at least 3 corners',
      given: `${words.length}`,
      remedy: 'Lines and points are written with l and p.',
    });
  }
  const corners = new Int32Array(3 * words.length).fill(-1);
  words.forEach((word, corner) => {
    const parts = word.split('/');
    if (parts.length > 3 || parts[0] === '') throw unreadable(file, line, word);
    parts.forEach((part, kind) => {
      if (part === '') return;
      if (!/^[+-]?\d+$/.test(part)) throw unreadable(file, line, word);
      corners[3 * corner + kind] = placeOf(file, line, Number(part), kind, lists);
    });
  });
  return corners;
}

/** Throws `MeshIndexError` for corners that the whole file does not have. */
export function checkCorners(file: string, line: number, corners: Int32Array, lists: Lists): void {
  corners.forEach((index, i) => {
    const { list, width, name, names } = KINDS[i % 3] as (typeof KINDS)[number];
    const count = lists[list].length / width;
    if (index < count) return;
    throw new MeshIndexError({
      file,
      line,
      expected: count === 0 ? `no ${names}, since the file has none` : `${names} 1 to ${count}`,
      given: `${name} ${index + 1}`,
      remedy: 'The file is cut, or its indices do not count from 1.',
    });
  });
}

/** An index that counts from 1, or backwards from what was read last, as one that counts from 0. */
function placeOf(file: string, line: number, index: number, kind: number, lists: Lists): number {
  const { list, width, names } = KINDS[kind] as (typeof KINDS)[number];
  const count = lists[list].length / width;
  if (index > 0 && index <= 2 ** 31 - 1) return index - 1;
  if (index < 0 && index >= -count) return count + index;
  throw new MeshIndexError({
    file,
    line,
    expected: `an index from 1, or from -1 to -${count} for the ${count} ${names} above`,
    given: `${index}`,
    remedy: 'Indices of an OBJ file count from 1, or backwards from -1.',
  });
}

const unreadable = (file: string, line: number, word: string): MeshValueError =>
  new MeshValueError({
    file,
    line,
    expected: 'corners such as 1, 1/2, 1//3 or 1/2/3 in whole numbers',
    given: JSON.stringify(word.slice(0, 40)),
    remedy: 'Check that the line is not broken.',
  });
