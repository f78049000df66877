/** The index of the first of `values` that is NaN or infinite; -1 where all are finite. */
export function firstNonFinite(values: ArrayLike<number>): number {
  // One pass without branches, since as a rule all are: 0 · x is 0 but for NaN and infinity.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i];
  return sum === 0 ? -1 : Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
}
