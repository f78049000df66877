/**
 * The rows `indices` of a row-major (n, width) array, in that order: `out[k, :] = values[indices[k], :]`.
 *
 * @throws RangeError when an index is outside the rows, or the values are no whole rows
 */
export function gatherRows(values: Float64Array, indices: ArrayLike<number>, width: number): Float64Array {
  const rows = values.length / width;
  if (!Number.isInteger(rows)) {
    throw new RangeError(
      `gatherRows: expected a multiple of the width ${width}, given ${values.length} values. Give the width of one row.`,
    );
  }
  const out = new Float64Array(indices.length * width);
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k]!;
    if (!(i >= 0 && i < rows)) {
      throw new RangeError(
        `gatherRows: expected indices in 0..${rows - 1}, given ${i}. Split the same rows that you gather from.`,
      );
    }
    out.set(values.subarray(i * width, (i + 1) * width), k * width);
  }
  return out;
}
