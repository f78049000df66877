import { composed, identityPermutation, inversePermutation, isIdentity, type Permutation } from './permutation.ts';

/** One level of a chain of stabilizers: the orbit of a point, with an element of the group that leads to each of its points. */
interface Level {
  readonly point: number;
  /** `transversal.get(p)` maps `point` to p. */
  readonly transversal: Map<number, Permutation>;
  readonly generators: Permutation[];
  /** For each point of the orbit, how many generators were looked at: what lay in the next level once lies there for good. */
  readonly done: Map<number, number>;
}

/**
 * A chain G = G₀ > G₁ > … > 1 where each group is the stabilizer of one more point: every element is one product of one
 * transversal element of each level. Order, membership and even draws follow without a list of the group.
 */
export interface StabilizerChain {
  readonly order: bigint;
  contains(g: Permutation): boolean;
  /** Every element once. */
  elements(): Generator<number[]>;
  /** The element with these choices, one number in [0, 1) for each level. */
  element(choices: readonly number[]): number[];
  readonly depth: number;
  /** Generators of the subgroup that fixes the first base point. */
  readonly stabilizer: readonly Permutation[];
}

/** Schreier and Sims: levels are filled until every Schreier generator of each lies in the next. The base may begin with a given point. */
export function stabilizerChain(
  generators: readonly Permutation[],
  degree: number,
  firstPoint?: number,
): StabilizerChain {
  const levels: Level[] = [];

  /** What is left of g after dividing by a transversal element of every level from `depth`, and where that ended. */
  function sift(g: Permutation, depth: number): { rest: Permutation; depth: number } {
    let rest = g;
    for (let i = depth; i < levels.length; i++) {
      const step = levels[i].transversal.get(rest[levels[i].point]);
      if (!step) return { rest, depth: i };
      rest = composed(inversePermutation(step), rest);
    }
    return { rest, depth: levels.length };
  }

  /** Adds g, which fixes the points of the levels before `depth`, to the generators of level `depth`. */
  function add(g: Permutation, depth: number): void {
    if (depth === levels.length) {
      const point = (depth === 0 ? firstPoint : undefined) ?? g.findIndex((image, i) => image !== i);
      levels.push({
        point,
        transversal: new Map([[point, identityPermutation(degree)]]),
        generators: [],
        done: new Map(),
      });
    }
    levels[depth].generators.push(g);
    close(depth);
  }

  function close(depth: number): void {
    const { transversal, generators: own, done } = levels[depth];
    // The orbit grows while it is walked; a Map is walked in the order of insertion.
    for (const [point, to] of transversal) {
      for (const g of own) if (!transversal.has(g[point])) transversal.set(g[point], composed(g, to));
    }
    for (const [point, to] of transversal) {
      const from = done.get(point) ?? 0;
      done.set(point, own.length);
      for (const g of own.slice(from)) {
        const back = inversePermutation(transversal.get(g[point]) as Permutation);
        const schreier = composed(back, composed(g, to));
        if (isIdentity(schreier)) continue;
        const { rest, depth: end } = sift(schreier, depth + 1);
        if (isIdentity(rest)) continue;
        // It fixes the points of all levels before `end`, so it belongs to each of those stabilizers.
        for (let i = end; i > depth; i--) add(rest, i);
      }
    }
  }

  for (const g of generators) {
    const { rest, depth } = sift(g, 0);
    if (isIdentity(rest)) continue;
    for (let i = depth; i >= 0; i--) add(rest, i);
  }

  const element = (choices: readonly number[]): number[] =>
    levels.reduce<number[]>((g, { transversal }, i) => {
      const steps = [...transversal.values()];
      return composed(g, steps[Math.min(steps.length - 1, Math.floor(choices[i] * steps.length))]);
    }, identityPermutation(degree));

  function* elements(depth = 0, before: Permutation = identityPermutation(degree)): Generator<number[]> {
    if (depth === levels.length) yield [...before];
    else for (const step of levels[depth].transversal.values()) yield* elements(depth + 1, composed(before, step));
  }

  return {
    order: levels.reduce((order, { transversal }) => order * BigInt(transversal.size), 1n),
    contains(g) {
      return g.length === degree && isIdentity(sift(g, 0).rest);
    },
    elements: () => elements(),
    element,
    depth: levels.length,
    stabilizer: levels[1]?.generators ?? [],
  };
}
