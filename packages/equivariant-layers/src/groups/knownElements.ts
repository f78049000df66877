import { random } from '@flowfield/tensor-webgpu';
import { identityPermutation, type Permutation } from './permutation.ts';

/** What a group knows of its elements. */
export interface GroupElements {
  /** The number of elements. */
  readonly order: bigint;
  contains(g: Permutation): boolean;
  /** Every element once, in no particular order; there are `order` of them. */
  elements(): Generator<number[]>;
  /** An element, each equally likely. */
  random(key: random.Key): number[];
}

/** All permutations, which need no chain of stabilizers: even of many points they are drawn and recognized at once. */
export const symmetricElements = (degree: number): GroupElements => ({
  order: factorial(degree),
  contains: (g) => isPermutation(g, degree),
  elements: () => inLexicographicOrder(degree),
  random: (key) => shuffled(degree, key),
});

/** The even permutations. */
export const alternatingElements = (degree: number): GroupElements => ({
  order: degree < 2 ? 1n : factorial(degree) / 2n,
  contains: (g) => isPermutation(g, degree) && isEven(g),
  *elements() {
    for (const g of inLexicographicOrder(degree)) if (isEven(g)) yield g;
  },
  random(key) {
    const g = shuffled(degree, key);
    // Swapping two images maps the odd permutations onto the even ones, each onto one.
    if (degree > 1 && !isEven(g)) [g[0], g[1]] = [g[1], g[0]];
    return g;
  },
});

/** Products on disjoint blocks of points: an element of each factor, next to each other. */
export function productElements(factors: readonly (GroupElements & { readonly degree: number })[]): GroupElements {
  const starts = factors.map((_, i) => factors.slice(0, i).reduce((total, { degree }) => total + degree, 0));
  const degree = factors.reduce((total, factor) => total + factor.degree, 0);
  const part = (g: Permutation, i: number): number[] =>
    g.slice(starts[i], starts[i] + factors[i].degree).map((image) => image - starts[i]);
  function* elements(from = 0): Generator<number[]> {
    if (from === factors.length) yield [];
    else {
      for (const g of factors[from].elements()) {
        const own = g.map((image) => image + starts[from]);
        for (const rest of elements(from + 1)) yield [...own, ...rest];
      }
    }
  }
  return {
    get order() {
      return factors.reduce((product, { order }) => product * order, 1n);
    },
    contains: (g) => g.length === degree && factors.every((factor, i) => factor.contains(part(g, i))),
    elements: () => elements(),
    random(key) {
      const keys = [...random.split(key, factors.length)];
      return factors.flatMap((factor, i) => factor.random(keys[i]).map((image) => image + starts[i]));
    },
  };
}

export const factorial = (n: number): bigint => (n < 2 ? 1n : BigInt(n) * factorial(n - 1));

function isPermutation(g: Permutation, degree: number): boolean {
  const inside = g.every((image) => Number.isInteger(image) && image >= 0 && image < degree);
  return g.length === degree && inside && new Set(g).size === degree;
}

/** A permutation is even where the points less its cycles are an even number. */
function isEven(g: Permutation): boolean {
  const seen = new Uint8Array(g.length);
  let steps = 0;
  for (let start = 0; start < g.length; start++) {
    for (let at = start; !seen[at]; at = g[at]) {
      seen[at] = 1;
      if (g[at] !== start) steps++;
    }
  }
  return steps % 2 === 0;
}

/** Fisher and Yates. */
function shuffled(degree: number, key: random.Key): number[] {
  const g = identityPermutation(degree);
  if (degree < 2) return g;
  const draws = random.uniform(key, [degree - 1], { dtype: 'f64' }).dataSync();
  for (let i = degree - 1; i > 0; i--) {
    const j = Math.floor(draws[i - 1] * (i + 1));
    [g[i], g[j]] = [g[j], g[i]];
  }
  return g;
}

/** Every permutation, each the next of the one before. */
function* inLexicographicOrder(degree: number): Generator<number[]> {
  const g = identityPermutation(degree);
  for (;;) {
    yield [...g];
    let at = degree - 2;
    while (at >= 0 && g[at] > g[at + 1]) at--;
    if (at < 0) return;
    const larger = g.findLastIndex((image) => image > g[at]);
    [g[at], g[larger]] = [g[larger], g[at]];
    g.push(...g.splice(at + 1).reverse());
  }
}
