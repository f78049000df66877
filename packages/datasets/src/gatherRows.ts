import { DataArgumentError } from './arguments/argumentError.ts';
import { checkNumbers, wholeIn } from './arguments/checks.ts';

/**
 * The rows `indices` of a row-major (n, width) array, in that order: `out[k, :] = values[indices[k], :]`.
 *
 * @throws DataArgumentError when an index is outside the rows, the values are no whole rows, or arguments are no lists of numbers
 */
export function gatherRows(values: ArrayLike<number>, indices: ArrayLike<number>, width: number): Float64Array {
  checkNumbers('gatherRows', 'values', values);
  checkNumbers('gatherRows', 'indices', indices);
  wholeIn(1)('gatherRows', 'width', width);
  const rows = values.length / width;
  if (!Number.isInteger(rows)) {
    throw new DataArgumentError(
      `gatherRows: expected a multiple of the width ${width}, given ${values.length} values. Give the width of one row.`,
    );
  }
  const source = values instanceof Float64Array ? values : Float64Array.from(values);
  const out = new Float64Array(indices.length * width);
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k]!;
    if (!(Number.isInteger(i) && i >= 0 && i < rows)) {
      throw new DataArgumentError(
        `gatherRows: expected whole indices in 0..${rows - 1}, given ${i}. Split the same rows that you gather from.`,
      );
    }
    out.set(source.subarray(i * width, (i + 1) * width), k * width);
  }
  return out;
}
