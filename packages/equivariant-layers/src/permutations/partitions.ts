import { checkedWhole } from '@flowfield/tensor-webgpu';

/**
 * All set partitions of the positions 0 … size - 1, as restricted growth strings: entry i is the number of the block of
 * position i, and blocks are numbered by their first position. In lexicographic order, from one block to all apart.
 */
export function setPartitions(size: number): number[][] {
  let strings: number[][] = [[]];
  for (let i = 0; i < size; i++) {
    strings = strings.flatMap((string) => {
      const next = string.length === 0 ? 0 : Math.max(...string) + 1;
      return Array.from({ length: next + 1 }, (_, block) => [...string, block]);
    });
  }
  return strings;
}

/**
 * How many set partitions of `size` positions have at most `blocks` blocks: Σ_{j ≤ blocks} S(size, j), Stirling numbers of
 * the second kind. Without `blocks` the Bell number: 1, 1, 2, 5, 15, 52, 203, 877, 4140, …
 * @throws ArgumentError unless both are whole numbers.
 */
export function countSetPartitions(size: number, blocks = Number.POSITIVE_INFINITY): number {
  checkedWhole('countSetPartitions: size', size, 0);
  if (blocks !== Number.POSITIVE_INFINITY) checkedWhole('countSetPartitions: blocks', blocks, 0);
  // Row by row: S(i, j) = j S(i - 1, j) + S(i - 1, j - 1).
  let row = [1];
  for (let i = 1; i <= size; i++) {
    row = Array.from(
      { length: Math.min(i, blocks) + 1 },
      (_, j) => j * (row[j] ?? 0) + (j > 0 ? (row[j - 1] ?? 0) : 0),
    );
    // Counts only grow with the size.
    if (row.includes(Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  }
  return row.reduce((sum, count) => sum + count, 0);
}

/** All permutations of 0 … size - 1, in lexicographic order. */
export function permutations(size: number): number[][] {
  if (size === 0) return [[]];
  return permutations(size - 1)
    .flatMap((rest) =>
      Array.from({ length: size }, (_, i) => [i, ...rest.map((entry) => entry + (entry >= i ? 1 : 0))]),
    )
    .sort(compareLists);
}

/** Lexicographic order of lists of one length. */
export function compareLists(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((entry, at) => entry !== b[at]);
  return i < 0 ? 0 : a[i] - b[i];
}
