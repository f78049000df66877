import { checkedOptions, checkedWhole } from '@flowfield/tensor-webgpu';
import { MemoryLimitError } from '../errors.ts';
import { checkedMemoryLimit, checkMemory } from '../inputs/memory.ts';
import type { FixedPointCounts } from './fixedPoints.ts';
import { checkGroup, type PermutationGroup } from './group.ts';
import type { Permutation } from './permutation.ts';
import { stabilizerChain } from './stabilizerChain.ts';

/** Which orbit every tuple of points belongs to, for the action g·(t₁, …, t_m) = (g t₁, …, g t_m). */
export interface OrbitTable {
  readonly group: PermutationGroup;
  /** Entries of a tuple. */
  readonly order: number;
  /** For tuple (t₁, …, t_m), at Σ tᵢ n^(m - i): the number of its orbit. Orbits are numbered by their first tuple. */
  readonly orbitOf: Int32Array;
  readonly count: number;
  /** Tuples in each orbit. */
  readonly sizes: Int32Array;
  /** The first tuple of each orbit, in lexicographic order. */
  readonly representatives: readonly (readonly number[])[];
}

export interface OrbitTableOptions {
  /** Bytes that the table may take (default 1 GiB). */
  readonly memoryLimit?: number;
}

/**
 * The orbits of a group on tuples of `order` points, by joining each tuple with its images under the generators; the group
 * itself is never listed. Time and memory grow with n^order.
 * @throws MemoryLimitError when the n^order entries exceed `memoryLimit`; ArgumentError for an order below 0.
 */
export function orbitTable(group: PermutationGroup, order: number, options: OrbitTableOptions = {}): OrbitTable {
  const op = 'orbitTable';
  const { memoryLimit } = checkedOptions(op, options, ['memoryLimit']);
  checkGroup(op, group);
  checkedWhole(`${op}: order`, order, 0);
  checkTableSize(op, group, order, checkedMemoryLimit(op, memoryLimit));
  const { degree, generators } = group;
  const total = degree ** order;
  const parent = new Int32Array(total);
  for (let i = 0; i < total; i++) parent[i] = i;
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  for (const g of generators) {
    for (let index = 0; index < total; index++) {
      const [a, b] = [root(index), root(imageOf(index, g, order))];
      // The lesser root stays, so that an orbit is known by its first tuple.
      if (a < b) parent[b] = a;
      else parent[a] = b;
    }
  }
  const orbitOf = new Int32Array(total);
  const firsts: number[] = [];
  for (let index = 0; index < total; index++) {
    const first = root(index);
    if (first === index) firsts.push(index);
    orbitOf[index] = first === index ? firsts.length - 1 : orbitOf[first];
  }
  const sizes = new Int32Array(firsts.length);
  for (const orbit of orbitOf) sizes[orbit]++;
  return {
    group,
    order,
    orbitOf,
    count: firsts.length,
    sizes,
    representatives: firsts.map((index) => tupleAt(index, degree, order)),
  };
}

/** Throws `MemoryLimitError`, with figures, when a table of n^order entries and the forest that makes it exceed the limit. */
export function checkTableSize(op: string, group: PermutationGroup, order: number, limit: number): void {
  const { degree, name } = group;
  const what = `the orbit table of ${name} on tuples of ${order} of ${degree} points, ${degree}^${order}`;
  checkMemory(
    op,
    what,
    degree ** order,
    2 * Int32Array.BYTES_PER_ELEMENT,
    Math.min(limit, 2 * Int32Array.BYTES_PER_ELEMENT * MOST_ENTRIES),
    'Use lower orders, or equivariantLinear for the symmetric group.',
  );
}

/** Tables number their entries in 32 bits, whatever memory there is. */
const MOST_ENTRIES = 2 ** 31 - 1;

function imageOf(index: number, g: readonly number[], order: number): number {
  const n = g.length;
  let rest = index;
  let image = 0;
  let place = 1;
  for (let i = 0; i < order; i++) {
    const entry = rest % n;
    image += g[entry] * place;
    place *= n;
    rest = (rest - entry) / n;
  }
  return image;
}

function tupleAt(index: number, n: number, order: number): number[] {
  const tuple = new Array<number>(order);
  let rest = index;
  for (let i = order - 1; i >= 0; i--) {
    tuple[i] = rest % n;
    rest = (rest - tuple[i]) / n;
  }
  return tuple;
}

/**
 * How many orbits a group has on tuples of `order` points, by Burnside's lemma: (1/|G|) Σ_g fix(g)^order. No table is made. Where a group
 * is too large to go through its elements, point by point: the orbits of its stabilizers, one for each orbit of points.
 * @throws MemoryLimitError for more orbits than can be numbered, or too many stabilizers.
 */
export function countOrbits(group: PermutationGroup, order: number): number {
  checkGroup('countOrbits', group);
  checkedWhole('countOrbits: order', order, 0);
  const orbits =
    burnside(group, order) ?? orbitsByStabilizers(group, group.generators, order, { left: MOST_STABILIZERS });
  if (orbits <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(orbits);
  throw new MemoryLimitError(
    `countOrbits: ${group.name} has ${orbits} orbits on tuples of ${order} points, more than can be numbered. Use a lower order.`,
  );
}

function burnside(group: PermutationGroup, order: number): bigint | null {
  let counts: FixedPointCounts;
  try {
    counts = group.fixedPointCounts();
  } catch (error) {
    if (error instanceof MemoryLimitError) return null;
    throw error;
  }
  let [fixed, elements] = [0n, 0n];
  for (const [points, count] of counts) {
    fixed += count * BigInt(points) ** BigInt(order);
    elements += count;
  }
  return fixed / elements;
}

/** Stabilizers that are looked at before the count is given up. */
const MOST_STABILIZERS = 20_000;

function orbitsByStabilizers(
  group: PermutationGroup,
  generators: readonly Permutation[],
  order: number,
  budget: { left: number },
): bigint {
  const { degree, name } = group;
  if (order === 0) return 1n;
  if (generators.length === 0) return BigInt(degree) ** BigInt(order);
  const points = firstPoints(generators, degree);
  if (order === 1) return BigInt(points.length);
  budget.left -= points.length;
  if (budget.left < 0) {
    throw new MemoryLimitError(
      `countOrbits: ${name} of order ${group.order} has too many orbits to count on tuples of this length. Use a lower order.`,
    );
  }
  return points.reduce((total, point) => {
    const { stabilizer } = stabilizerChain(generators, degree, point);
    return total + orbitsByStabilizers(group, stabilizer, order - 1, budget);
  }, 0n);
}

/** The least point of each orbit. */
function firstPoints(generators: readonly Permutation[], degree: number): number[] {
  const seen = new Set<number>();
  const firsts: number[] = [];
  for (let point = 0; point < degree; point++) {
    if (seen.has(point)) continue;
    firsts.push(point);
    const orbit = new Set([point]);
    for (const at of orbit) for (const g of generators) orbit.add(g[at]);
    for (const at of orbit) seen.add(at);
  }
  return firsts;
}
