/** The rows of `points` (row-major (n, 3)) that are not, number for number, among the rows of `known`. */
export function newPlaces(points: Float64Array, known: Float64Array): number[] {
  const seen = new Set(rowKeys(known));
  return rowKeys(points).flatMap((key, row) => (seen.has(key) ? [] : [row]));
}

function rowKeys(points: Float64Array): string[] {
  return Array.from({ length: points.length / 3 }, (_, row) => points.subarray(3 * row, 3 * row + 3).join());
}
