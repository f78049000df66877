/** All tuples of `order` numbers below n, the last running fastest. */
export function tuples(n: number, order: number): number[][] {
  if (order === 0) return [[]];
  return tuples(n, order - 1).flatMap((start) => Array.from({ length: n }, (_, i) => [...start, i]));
}

/** All orders of 0 … n - 1. */
export function allPermutations(n: number): number[][] {
  if (n === 0) return [[]];
  return allPermutations(n - 1).flatMap((rest) => Array.from({ length: n }, (_, at) => rest.toSpliced(at, 0, n - 1)));
}

/** Which entries of a tuple are equal, as numbers of first occurrence. */
export const equalityPattern = (tuple: readonly number[]): string => tuple.map((entry) => tuple.indexOf(entry)).join();

/** The rank of rows by elimination with full pivots. */
export function rank(rows: readonly (readonly number[])[]): number {
  const left = rows.map((row) => [...row]);
  let found = 0;
  const width = left[0]?.length ?? 0;
  for (let column = 0; column < width && found < left.length; column++) {
    let pivot = found;
    for (let i = found; i < left.length; i++) if (Math.abs(left[i][column]) > Math.abs(left[pivot][column])) pivot = i;
    if (Math.abs(left[pivot][column]) < 1e-9) continue;
    [left[found], left[pivot]] = [left[pivot], left[found]];
    for (let i = found + 1; i < left.length; i++) {
      const factor = left[i][column] / left[found][column];
      for (let j = column; j < width; j++) left[i][j] -= factor * left[found][j];
    }
    found++;
  }
  return found;
}
