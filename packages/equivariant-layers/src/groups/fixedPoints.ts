import { fixedPoints, type Permutation } from './permutation.ts';

/** How many elements of a group fix how many points. */
export type FixedPointCounts = ReadonlyMap<number, bigint>;

/** Of all permutations of n points, C(n, k) times the derangements of the others fix exactly k. */
export const symmetricFixedPoints = (degree: number): FixedPointCounts =>
  countsOf(degree, (others) => derangements(others));

/** Even derangements of m points outnumber odd ones by (-1)^(m-1) (m - 1). */
export const alternatingFixedPoints = (degree: number): FixedPointCounts =>
  countsOf(degree, (others) => (derangements(others) + BigInt(others % 2 === 0 ? 1 - others : others - 1)) / 2n);

function countsOf(degree: number, others: (count: number) => bigint): FixedPointCounts {
  const counts = new Map<number, bigint>();
  let choices = 1n;
  for (let fixed = 0; fixed <= degree; fixed++) {
    const count = choices * others(degree - fixed);
    if (count > 0n) counts.set(fixed, count);
    choices = (choices * BigInt(degree - fixed)) / BigInt(fixed + 1);
  }
  return counts;
}

function derangements(count: number): bigint {
  let [before, now] = [0n, 1n];
  for (let i = 1; i <= count; i++) [before, now] = [now, BigInt(i - 1) * (now + before)];
  return now;
}

/** Counted one by one. */
export function countFixedPoints(elements: Iterable<Permutation>): FixedPointCounts {
  const counts = new Map<number, bigint>();
  for (const g of elements) {
    const fixed = fixedPoints(g);
    counts.set(fixed, (counts.get(fixed) ?? 0n) + 1n);
  }
  return counts;
}

/** Of a product on disjoint blocks: fixed points add up. */
export function productFixedPoints(factors: readonly FixedPointCounts[]): FixedPointCounts {
  return factors.reduce<FixedPointCounts>(
    (left, right) => {
      const counts = new Map<number, bigint>();
      for (const [a, many] of left) {
        for (const [b, times] of right) counts.set(a + b, (counts.get(a + b) ?? 0n) + many * times);
      }
      return counts;
    },
    new Map([[0, 1n]]),
  );
}
