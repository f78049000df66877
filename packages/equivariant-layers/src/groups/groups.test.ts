import { ArgumentError, random } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  affineGroup,
  alternatingGroup,
  countOrbits,
  countSetPartitions,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  groupNamed,
  InvalidPermutationError,
  kleinGroup,
  MemoryLimitError,
  orbitTable,
  permutationGroup,
  symmetricGroup,
  UnknownGroupError,
} from '../index.ts';
import { equalityPattern, tuples } from '../testing/tuples.ts';

/** M24 on the projective line of 23 points and infinity (23): x → x³/9 for squares x, 9 x³ for others. */
function quadratic(x: number): number {
  if (x === 0 || x === 23) return x;
  const cube = (x * x * x) % 23;
  const squares = new Set(Array.from({ length: 11 }, (_, i) => ((i + 1) * (i + 1)) % 23));
  // 9 · 18 = 162 = 1 modulo 23.
  return squares.has(x) ? (cube * 18) % 23 : (cube * 9) % 23;
}

/** Every element, by products until nothing is new. */
function closure(generators: readonly (readonly number[])[], degree: number): Set<string> {
  const seen = new Set([Array.from({ length: degree }, (_, i) => i).join()]);
  for (const text of seen) {
    const g = text === '' ? [] : text.split(',').map(Number);
    for (const h of generators) seen.add(g.map((image) => h[image]).join());
  }
  return seen;
}

describe.each([
  ['C1', 1n, [1, 1, 1]],
  ['C5', 5n, [1, 5, 25, 125]],
  ['C6', 6n, [1, 6, 36]],
  ['D1', 1n, [1, 1]],
  ['D2', 2n, [1, 2, 4]],
  ['D4', 8n, [1, 3, 10, 36, 136]],
  ['D5', 10n, [1, 3, 13, 63]],
  ['D6', 12n, [1, 4, 20, 112]],
  ['D7', 14n, [1, 4, 25]],
  ['V4', 4n, [1, 4, 16, 64]],
  ['AGL(1,2)', 2n, [1, 2, 4]],
  ['AGL(1,3)', 6n, [1, 2, 5]],
  ['AGL(1,5)', 20n, [1, 2, 7, 32, 157]],
  ['AGL(1,7)', 42n, [1, 2, 9, 58]],
  ['S6', 720n, [1, 2, 5, 15, 52, 203]],
  ['S4', 24n, [1, 2, 5, 15, 51]],
  ['A6', 360n, [1, 2, 5, 15, 53, 219]],
  ['A4', 12n, [1, 2, 6, 22]],
  ['A3', 3n, [1, 3, 9]],
  ['A2', 1n, [2, 4, 8]],
  ['S2 x S3', 12n, [2, 6, 21, 82]],
  ['S1', 1n, [1, 1]],
])('%s', (name, order, counts) => {
  const group = groupNamed(name);

  test('has its order, and as many elements', () => {
    expect(group.order).toBe(order);
    const elements = [...group.elements()].map((g) => g.join());
    expect(BigInt(elements.length)).toBe(order);
    expect(new Set(elements)).toEqual(closure(group.generators, group.degree));
  });

  test('has the orbits of the literature, by Burnside and in the table', () => {
    counts.forEach((count, i) => {
      expect(countOrbits(group, i + 1)).toBe(count);
      const table = orbitTable(group, i + 1);
      expect(table.count).toBe(count);
      expect(table.sizes.reduce((sum, size) => sum + size, 0)).toBe(group.degree ** (i + 1));
    });
    expect(countOrbits(group, 0)).toBe(1);
    expect(orbitTable(group, 0).count).toBe(1);
  });

  test('draws elements, each about equally often', () => {
    const seen = new Map<string, number>();
    const draws = 40 * Number(order < 60n ? order : 1n);
    for (let i = 0; i < draws; i++) {
      const g = group.random(random.foldIn(random.key(3), i));
      expect(group.contains(g)).toBe(true);
      seen.set(g.join(), (seen.get(g.join()) ?? 0) + 1);
    }
    if (order < 60n) {
      expect(BigInt(seen.size)).toBe(order);
      expect(Math.min(...seen.values())).toBeGreaterThan(10);
    }
  });
});

test.each([2, 3, 4, 5, 6, 7, 8])('formulas for C, D and S on %i points', (n) => {
  for (const m of [1, 2, 3]) {
    expect(countOrbits(cyclicGroup(n), m)).toBe(n ** (m - 1));
    if (n > 2) expect(countOrbits(dihedralGroup(n), m)).toBe((n ** (m - 1) + (n % 2 === 0 ? 2 ** (m - 1) : 1)) / 2);
    expect(countOrbits(symmetricGroup(n), m)).toBe(countSetPartitions(m, n));
  }
  // Aₙ is (n - 2)-transitive, so that it first differs from Sₙ on tuples of n - 1.
  for (let m = 1; m < n; m++) {
    const [even, all] = [countOrbits(alternatingGroup(n), m), countOrbits(symmetricGroup(n), m)];
    if (m <= n - 2) expect(even).toBe(all);
    else expect(even).toBeGreaterThan(all);
  }
});

test('orbits of the symmetric group are the equality patterns', () => {
  const table = orbitTable(symmetricGroup(4), 3);
  const patterns = tuples(4, 3).map(equalityPattern);
  const seen = new Map<string, number>();
  patterns.forEach((pattern, i) => {
    expect(seen.get(pattern) ?? table.orbitOf[i]).toBe(table.orbitOf[i]);
    seen.set(pattern, table.orbitOf[i]);
  });
  expect(seen.size).toBe(5);
  expect(table.representatives).toEqual([
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [0, 1, 1],
    [0, 1, 2],
  ]);
});

test('orders of larger groups, without a list of them', () => {
  expect(symmetricGroup(12).order).toBe(479001600n);
  expect(countOrbits(symmetricGroup(40), 5)).toBe(52);
  const m11 = permutationGroup({
    generators: [
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0],
      [0, 1, 6, 9, 5, 3, 10, 2, 8, 4, 7],
    ],
  });
  expect(m11.order).toBe(7920n);
  expect([1, 2, 3, 4].map((m) => countOrbits(m11, m))).toEqual([1, 2, 5, 15]);
  // M24 is 5-transitive, and too large to go through: its orbits are counted point by point.
  const m24 = permutationGroup({
    generators: [
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 0, 23],
      Array.from({ length: 24 }, (_, i) => quadratic(i)),
      Array.from({ length: 24 }, (_, x) =>
        x === 0 ? 23 : x === 23 ? 0 : Array.from({ length: 23 }, (_, y) => y).findIndex((y) => (x * y) % 23 === 22),
      ),
    ],
  });
  expect(m24.order).toBe(244823040n);
  expect([1, 2, 3, 4, 5].map((m) => countOrbits(m24, m))).toEqual([1, 2, 5, 15, 52]);
  const twice = permutationGroup({ generators: [...directProduct(symmetricGroup(9), symmetricGroup(9)).generators] });
  expect([1, 2, 3].map((m) => countOrbits(twice, m))).toEqual(
    [1, 2, 3].map((m) => countOrbits(directProduct(symmetricGroup(9), symmetricGroup(9)), m)),
  );
  const product = directProduct(symmetricGroup(10), alternatingGroup(9), cyclicGroup(3));
  expect(product.order).toBe(3628800n * 181440n * 3n);
  expect(countOrbits(product, 2)).toBe(orbitTable(product, 2).count);
  // Given by generators, the same groups are recognized by their order.
  const { generators } = symmetricGroup(11);
  expect(countOrbits(permutationGroup({ generators }), 3)).toBe(5);
  expect(countOrbits(permutationGroup({ generators: alternatingGroup(11).generators }), 3)).toBe(5);
});

test('groups of hundreds of points are drawn and recognized at once, and large ones by their generators alone', () => {
  const swap = Array.from({ length: 500 }, (_, i) => (i < 2 ? 1 - i : i));
  for (const group of [
    symmetricGroup(500),
    alternatingGroup(500),
    directProduct(symmetricGroup(400), cyclicGroup(100)),
  ]) {
    const g = group.random(random.key(3));
    expect(new Set(g).size).toBe(500);
    expect(group.contains(g)).toBe(true);
    expect(group.contains(g.with(0, g[1]))).toBe(false);
  }
  expect(symmetricGroup(500).contains(swap)).toBe(true);
  expect(alternatingGroup(500).contains(swap)).toBe(false);
  const factorial = (n: number): bigint => (n < 2 ? 1n : BigInt(n) * factorial(n - 1));
  expect(permutationGroup({ generators: symmetricGroup(40).generators }).order).toBe(factorial(40));
  expect(permutationGroup({ generators: alternatingGroup(30).generators }).order).toBe(factorial(30) / 2n);
});

test('elements of known families are those that their generators make, each once', () => {
  const product = directProduct(symmetricGroup(3), cyclicGroup(2), alternatingGroup(4));
  for (const group of [symmetricGroup(5), alternatingGroup(5), alternatingGroup(2), symmetricGroup(1), product]) {
    const found = [...group.elements()].map(String);
    expect(new Set(found)).toEqual(closure(group.generators, group.degree));
    expect(BigInt(found.length)).toBe(group.order);
    const drawn = new Set(Array.from({ length: 40 }, (_, i) => group.random(random.key(i)).join()));
    expect([...drawn].filter((g) => !found.includes(g))).toEqual([]);
  }
  expect(product.contains([3, 1, 2, 0, 4, 5, 6, 7, 8])).toBe(false);
});

test("random generators: the table is invariant, its count is Burnside's, and the order is that of the closure", () => {
  const permutation = (n: number) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });
  const generators = fc
    .integer({ min: 2, max: 6 })
    .chain((n) => fc.array(permutation(n), { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(generators, fc.integer({ min: 1, max: 3 }), (given, m) => {
      const group = permutationGroup({ generators: given });
      const n = group.degree;
      expect(group.order).toBe(BigInt(closure(given, n).size));
      const table = orbitTable(group, m);
      expect(table.count).toBe(countOrbits(group, m));
      const place = (tuple: readonly number[]) => tuple.reduce((index, entry) => index * n + entry, 0);
      for (const g of given) {
        for (const tuple of tuples(n, m)) {
          expect(table.orbitOf[place(tuple.map((entry) => g[entry]))]).toBe(table.orbitOf[place(tuple)]);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('membership', () => {
  expect(alternatingGroup(4).contains([1, 0, 3, 2])).toBe(true);
  expect(alternatingGroup(4).contains([1, 0, 2, 3])).toBe(false);
  expect(affineGroup(5).contains([0, 3, 1, 4, 2])).toBe(true);
  expect(affineGroup(5).contains([1, 0, 2, 3, 4])).toBe(false);
  expect(kleinGroup().contains([1, 0])).toBe(false);
});

describe('bad groups are named', () => {
  test.each([
    ['twice the same image', [[0, 1, 1]], /generator 0 .* 1 occurs twice, in \[0, 1, 1\]/],
    [
      'an image out of range',
      [
        [1, 2, 0],
        [1, 2, 3],
      ],
      /generator 1 .* 3 is out of range/,
    ],
    [
      'another length',
      [
        [1, 0],
        [1, 0, 2],
      ],
      /generator 1 .* expected 2 images, got 3/,
    ],
    ['images that are no integers', [[0.5, 1]], /0\.5 is out of range/],
    ['1-based images', [[2, 3, 1]], /3 is out of range/],
  ])('%s', (_what, generators, message) => {
    expect(() => permutationGroup({ generators })).toThrow(InvalidPermutationError);
    expect(() => permutationGroup({ generators })).toThrow(message);
  });

  test('names, sizes and options', () => {
    for (const name of ['Q8', 'C', 'C0', 'S-1', 'AGL(2,3)', '', 'S2 x'])
      expect(() => groupNamed(name)).toThrow(UnknownGroupError);
    expect(() => groupNamed('a4')).toThrow(/Did you mean 'A4'\?/);
    expect(() => affineGroup(4)).toThrow(UnknownGroupError);
    expect(() => cyclicGroup(0)).toThrow(ArgumentError);
    expect(() => directProduct()).toThrow(UnknownGroupError);
    // biome-ignore lint/suspicious/noExplicitAny: wrong names are the point.
    expect(() => permutationGroup({ generator: [] } as any)).toThrow(/Did you mean generators\?/);
    expect(() => permutationGroup({ generators: [] })).toThrow(ArgumentError);
    for (const run of [
      () => countOrbits('A4' as never, 2),
      () => orbitTable(undefined as never, 2),
      () => directProduct(cyclicGroup(2), 'A4' as never),
      () => permutationGroup({ generators: 'A4' as never }),
    ]) {
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(/expected (a group|generators)/);
    }
    expect(permutationGroup({ generators: [], degree: 3 }).order).toBe(1n);
    expect(() => permutationGroup({ generators: [1, 0, 2] as never })).toThrow(InvalidPermutationError);
  });

  test('tables beyond the limit, with figures', () => {
    expect(() => orbitTable(symmetricGroup(64), 6)).toThrow(MemoryLimitError);
    expect(() => orbitTable(cyclicGroup(16), 4, { memoryLimit: 1e5 })).toThrow(
      /16\^4 = 65,536 entries of 8 bytes need 524,288 bytes; the limit is 100,000/,
    );
    // Entries are numbered in 32 bits, even where there were memory for more.
    expect(() => orbitTable(symmetricGroup(20), 9, { memoryLimit: 1e14 })).toThrow(MemoryLimitError);
    const large = permutationGroup({ generators: [...directProduct(symmetricGroup(9), symmetricGroup(9)).generators] });
    expect(() => large.fixedPointCounts()).toThrow(/131681894400 elements are too many/);
    expect(() => countOrbits(cyclicGroup(1000), 7)).toThrow(/more than can be numbered/);
  });
});
