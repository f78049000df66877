import { ArgumentError, eye, ones, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  applyMap,
  countEquivariantMaps,
  countSetPartitions,
  equivariantBiases,
  equivariantMaps,
  LayerShapeError,
  MemoryLimitError,
} from '../index.ts';
import { difference, normals } from '../testing/arrays.ts';
import { allPermutations, equalityPattern, rank, tuples } from '../testing/tuples.ts';

const cases = [0, 1, 2, 3]
  .flatMap((k) => [0, 1, 2, 3].map((l) => [k, l] as const))
  .filter(([k, l]) => k + l >= 1 && k + l <= 5);

/** The matrix of a map from order k to order l on n nodes: one row for each entry of the output. */
function matrixOf(map: (x: Tensor) => Tensor, n: number, k: number, l: number): number[][] {
  const inputs = eye(n ** k, { dtype: 'f64' }).reshape([n ** k, ...Array<number>(k).fill(n), 1]);
  const columns = map(inputs).reshape([n ** k, n ** l]).T;
  return columns.toArray() as number[][];
}

test('Bell numbers, and those with few blocks', () => {
  expect(Array.from({ length: 9 }, (_, i) => countSetPartitions(i))).toEqual([1, 1, 2, 5, 15, 52, 203, 877, 4140]);
  expect([1, 2, 3, 4, 5].map((n) => countSetPartitions(4, n))).toEqual([1, 8, 14, 15, 15]);
  expect([1, 2, 3, 4, 5, 6].map((m) => countSetPartitions(m, 6))).toEqual([1, 2, 5, 15, 52, 203]);
  expect([7, 8].map((m) => countSetPartitions(m, 6))).toEqual([876, 4111]);
  expect([0, 3].map((m) => countSetPartitions(m, 0))).toEqual([1, 0]);
  // More than there are numbers for, and one block, at any size.
  expect([undefined, 1].map((blocks) => countSetPartitions(100_000, blocks))).toEqual([Number.POSITIVE_INFINITY, 1]);
});

test.each([
  [2, 0, 2],
  [1, 0, 1],
  [1, 1, 2],
  [2, 1, 5],
  [1, 2, 5],
  [2, 2, 15],
  [2, 3, 52],
  [3, 3, 203],
  [0, 2, 2],
])('%i -> %i has %i maps', (orderIn, orderOut, count) => {
  expect(countEquivariantMaps({ orderIn, orderOut })).toBe(count);
  const maps = equivariantMaps({ orderIn, orderOut });
  expect(maps).toHaveLength(count);
  expect(new Set(maps.map(({ formula }) => formula)).size).toBe(count);
  expect(new Set(maps.map(({ partition }) => partition)).size).toBe(count);
  expect(maps.map(({ index }) => index)).toEqual(maps.map((_, i) => i));
});

test('several node sets multiply: rows and columns of a table', () => {
  expect(countEquivariantMaps({ orderIn: [1, 1], orderOut: [1, 1] })).toBe(4);
  expect(countEquivariantMaps({ orderIn: [2, 1], orderOut: [1, 1], nodes: [2, 1] })).toBe(4);
  expect(equivariantMaps({ orderIn: [1, 1], orderOut: [1, 1] }).map(({ formula }) => formula)).toEqual([
    'Y[i,j] = X[i,j]',
    'Y[i,j] = mean_a X[i,a]',
    'Y[i,j] = mean_a X[a,j]',
    'Y[i,j] = mean_a,b X[a,b]',
  ]);
  expect(equivariantBiases([1, 1]).map(({ formula }) => formula)).toEqual(['Y[i,j] = b']);
});

test('the 15 operations have the names and formulas of the paper, in its order', () => {
  const maps = equivariantMaps({ orderIn: 2, orderOut: 2 });
  expect(maps.map(({ formula }) => formula)).toEqual([
    'Y[i,i] = X[i,i]',
    'Y[i,i] = mean_a X[a,a]',
    'Y[i,i] = mean_a X[i,a]',
    'Y[i,i] = mean_a X[a,i]',
    'Y[i,i] = mean_a,b X[a,b]',
    'Y[i,j] = mean_a X[a,i]',
    'Y[i,j] = mean_a X[i,a]',
    'Y[i,j] = mean_a X[a,j]',
    'Y[i,j] = mean_a X[j,a]',
    'Y[i,j] = X[i,j]',
    'Y[i,j] = X[j,i]',
    'Y[i,j] = X[i,i]',
    'Y[i,j] = X[j,j]',
    'Y[i,j] = mean_a X[a,a]',
    'Y[i,j] = mean_a,b X[a,b]',
  ]);
  expect(maps[9].name).toBe('identity');
  expect(maps[10].name).toBe('transpose');
  expect(equivariantMaps({ orderIn: 2, orderOut: 1, normalize: 'sum' }).map(({ formula }) => formula)).toEqual([
    'Y[i] = X[i,i]',
    'Y[i] = sum_a X[a,a]',
    'Y[i] = sum_a X[i,a]',
    'Y[i] = sum_a X[a,i]',
    'Y[i] = sum_a,b X[a,b]',
  ]);
  expect(equivariantMaps({ orderIn: 1, orderOut: 2 }).map(({ formula }) => formula)).toEqual([
    'Y[i,i] = X[i]',
    'Y[i,i] = mean_a X[a]',
    'Y[i,j] = X[j]',
    'Y[i,j] = X[i]',
    'Y[i,j] = mean_a X[a]',
  ]);
  expect(equivariantBiases(2).map(({ formula }) => formula)).toEqual(['Y[i,j] = b', 'Y[i,i] = b']);
});

test('every map does what its formula says, entry by entry', () => {
  const n = 3;
  for (const [k, l] of cases) {
    const x = normals(3, [...Array<number>(k).fill(n), 1]);
    const flat = x.dataSync();
    for (const normalize of ['mean', 'sum'] as const) {
      for (const map of equivariantMaps({ orderIn: k, orderOut: l, normalize })) {
        const summed = map.blocks.filter(({ outputs }) => outputs.length === 0).length;
        const y = applyMap(map, x, { normalize, nodes: n })
          .reshape([n ** l])
          .toArray() as number[];
        tuples(n, l).forEach((b, row) => {
          let expected = 0;
          tuples(n, k).forEach((a, column) => {
            const fits = map.blocks.every((block) => {
              const values = [...block.inputs.map((i) => a[i]), ...block.outputs.map((i) => b[i])];
              return values.every((value) => value === values[0]);
            });
            if (fits) expected += flat[column];
          });
          if (normalize === 'mean') expected /= n ** summed;
          expect(Math.abs(y[row] - expected)).toBeLessThan(1e-14);
        });
      }
    }
  }
});

describe('the maps span all that commute with relabelling', () => {
  const sized = cases
    .flatMap(([k, l]) => [1, 2, 3, 4, 5].map((n) => [k, l, n] as const))
    .filter(([k, l, n]) => n ** (k + l) <= 700);
  test.each(sized)('%i -> %i on %i nodes: rank = number of equality patterns', (k, l, n) => {
    const maps = equivariantMaps({ orderIn: k, orderOut: l });
    const rows = maps.map((map) => matrixOf((x) => applyMap(map, x, { nodes: n }), n, k, l).flat());
    const patterns = new Set(tuples(n, k + l).map(equalityPattern)).size;
    expect(rank(rows)).toBe(patterns);
    expect(countEquivariantMaps({ orderIn: k, orderOut: l, nodes: n })).toBe(patterns);
  });

  test.each([
    [1, 1, 4],
    [2, 1, 3],
    [1, 2, 3],
    [2, 2, 3],
    [0, 2, 4],
    [3, 1, 3],
  ] as const)(
    '%i -> %i on %i nodes: the average of a random map over all relabellings lies in the span, and each map stays',
    (k, l, n) => {
      const inputs = tuples(n, k);
      const outputs = tuples(n, l);
      const place = (tuple: readonly number[]) => tuple.reduce((index, entry) => index * n + entry, 0);
      const group = allPermutations(n);
      const averaged = (m: readonly (readonly number[])[]): number[] =>
        outputs.flatMap((b) =>
          inputs.map((a) => {
            const moved = (g: readonly number[], t: readonly number[]) => place(t.map((entry) => g[entry]));
            return group.reduce((total, g) => total + m[moved(g, b)][moved(g, a)], 0) / group.length;
          }),
        );
      const random = normals(5, [n ** l, n ** k]).toArray() as number[][];
      const rows = equivariantMaps({ orderIn: k, orderOut: l }).map((map) =>
        matrixOf((x) => applyMap(map, x, { nodes: n }), n, k, l),
      );
      for (const matrix of rows) {
        const flat = matrix.flat();
        expect(Math.max(...averaged(matrix).map((value, i) => Math.abs(value - flat[i])))).toBeLessThan(1e-13);
      }
      const basis = rows.map((matrix) => matrix.flat());
      expect(rank([...basis, averaged(random)])).toBe(rank(basis));
    },
  );

  test('15 operations have rank 1, 8, 14, 15, 15 on 1 to 5 nodes', () => {
    const maps = equivariantMaps({ orderIn: 2, orderOut: 2 });
    const ranks = [1, 2, 3, 4, 5].map((n) =>
      rank(maps.map((map) => matrixOf((x) => applyMap(map, x), n, 2, 2).flat())),
    );
    expect(ranks).toEqual([1, 8, 14, 15, 15]);
  });
});

test('closed forms on the matrix of ones and on the identity', () => {
  const n = 4;
  const identity = eye(n, { dtype: 'f64' });
  const all = ones([n, n], { dtype: 'f64' });
  const apply = (x: Tensor) =>
    equivariantMaps({ orderIn: 2, orderOut: 2 }).map((map) => applyMap(map, x.reshape([n, n, 1])).reshape([n, n]));
  apply(all).forEach((y, i) => {
    expect(difference(y, i < 5 ? identity : all)).toBeLessThan(1e-15);
  });
  apply(identity).forEach((y, i) => {
    const expected =
      i < 2 || i === 9 || i === 10
        ? identity
        : i < 5
          ? identity.div(n)
          : (i >= 5 && i <= 8) || i === 14
            ? all.div(n)
            : all;
    expect(difference(y, expected)).toBeLessThan(1e-15);
  });
});

test('wrong orders, names and inputs are named', () => {
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
  const loose = equivariantMaps as any;
  expect(() => loose({ orderIn: -1, orderOut: 2 })).toThrow(ArgumentError);
  expect(() => loose({ orderIn: [1, 1], orderOut: 1 })).toThrow(/orderIn names 2 node sets, orderOut 1/);
  expect(() => loose({ orderin: 1, orderOut: 1 })).toThrow(/Did you mean orderIn\?/);
  expect(() => loose({ orderIn: 1, orderOut: 1, normalize: 'men' })).toThrow(/'mean' or 'sum', got men/);
  expect(() => loose({ orderIn: 7, orderOut: 7 })).toThrow(MemoryLimitError);
  expect(() => countEquivariantMaps({ orderIn: [1, 1], orderOut: [1, 1], nodes: [3] })).toThrow(
    /nodes of 2 node sets, got 1/,
  );
  const [map] = equivariantMaps({ orderIn: 2, orderOut: 2 });
  expect(() => applyMap(map, tensor([[1], [2]]))).toThrow(LayerShapeError);
});
