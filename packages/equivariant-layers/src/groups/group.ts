import { ArgumentError, checkedOptions, checkedWhole, random } from '@flowfield/tensor-webgpu';
import { MemoryLimitError } from '../errors.ts';
import {
  alternatingFixedPoints,
  countFixedPoints,
  type FixedPointCounts,
  symmetricFixedPoints,
} from './fixedPoints.ts';
import { factorial, type GroupElements } from './knownElements.ts';
import { checkedPermutation, type Permutation } from './permutation.ts';
import { type StabilizerChain, stabilizerChain } from './stabilizerChain.ts';

/** A group of permutations of the points 0 … degree - 1, given by generators. */
export interface PermutationGroup extends GroupElements {
  readonly name: string;
  /** The number of points. */
  readonly degree: number;
  /** Each as the list of images: entry i is where i goes. */
  readonly generators: readonly Permutation[];
  /** How many elements fix how many points, which is what Burnside's lemma counts with. Throws `MemoryLimitError` when that would take too long. */
  fixedPointCounts(): FixedPointCounts;
}

export interface PermutationGroupOptions {
  /** Lists of images: entry i is where i goes. Without generators the group has one element. */
  readonly generators: readonly ArrayLike<number>[];
  /** The number of points; by default the length of the generators. */
  readonly degree?: number;
  /** Default 'G'. */
  readonly name?: string;
}

/**
 * The group that permutations generate. Nothing is enumerated: order, membership and even draws come from a chain of
 * stabilizers (Schreier and Sims).
 * @throws InvalidPermutationError for a generator that is no permutation; ArgumentError for unknown options.
 */
export function permutationGroup(options: PermutationGroupOptions): PermutationGroup {
  const op = 'permutationGroup';
  const { generators, name = 'G', ...given } = checkedOptions(op, options, ['generators', 'degree', 'name']);
  if (!Array.isArray(generators)) {
    throw new ArgumentError(
      `${op}: expected generators as a list of permutations, got ${String(generators)}. Put each in brackets.`,
    );
  }
  const degree = checkedWhole(`${op}: degree`, given.degree ?? pointsOf(generators));
  const checked = generators.map((g, i) => checkedPermutation(op, `generator ${i}`, g, degree));
  return groupOf(name, degree, checked);
}

/** The points that the first generator moves or keeps; a generator that is no list is named by the check of generators. */
const pointsOf = ([first]: readonly ArrayLike<number>[]): number =>
  first === undefined ? 0 : Math.max(1, first?.length ?? 1);

/** Throws `ArgumentError` unless `given` is a group of permutations. */
export function checkGroup(op: string, given: unknown): void {
  const group = given as Partial<PermutationGroup> | null | undefined;
  if (Array.isArray(group?.generators) && typeof group.contains === 'function') return;
  throw new ArgumentError(
    `${op}: expected a group, got ${String(given)}. Make one with cyclicGroup, groupNamed or permutationGroup.`,
  );
}

/** More elements than this are not listed to count their fixed points. */
const MOST_LISTED = 2_000_000n;

/** A group of checked generators; a family may know its elements and its fixed points by formula. */
export function groupOf(
  name: string,
  degree: number,
  generators: readonly Permutation[],
  known: { readonly elements?: GroupElements; readonly counts?: () => FixedPointCounts } = {},
): PermutationGroup {
  let made: GroupElements | undefined = known.elements;
  const members = (): GroupElements => {
    made ??= chainElements(stabilizerChain(generators, degree));
    return made;
  };
  let counts: FixedPointCounts | undefined;
  return {
    name,
    degree,
    generators,
    get order() {
      return members().order;
    },
    contains: (g) => members().contains(g),
    elements: () => members().elements(),
    random: (key) => members().random(key),
    fixedPointCounts() {
      counts ??= known.counts?.() ?? countsOf(name, degree, members());
      return counts;
    },
  };
}

const chainElements = (chain: StabilizerChain): GroupElements => ({
  order: chain.order,
  contains: chain.contains,
  elements: chain.elements,
  random(key) {
    const { depth, element } = chain;
    return depth === 0 ? element([]) : element(Array.from(random.uniform(key, [depth]).dataSync()));
  },
});

function countsOf(name: string, degree: number, { order, elements }: GroupElements): FixedPointCounts {
  if (order === factorial(degree)) return symmetricFixedPoints(degree);
  // The only subgroup of index 2 of a symmetric group is the alternating one.
  if (degree > 1 && 2n * order === factorial(degree)) return alternatingFixedPoints(degree);
  if (order <= MOST_LISTED) return countFixedPoints(elements());
  throw new MemoryLimitError(
    `${name}: ${order} elements are too many to count their fixed points one by one; at most ${MOST_LISTED}. Count orbits with countOrbits, which does without.`,
  );
}
