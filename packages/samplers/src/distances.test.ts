import { random, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { frechetDistance, momentsOf, NonFiniteSampleError, slicedWasserstein, wasserstein1d } from './index.ts';
import { f64 } from './testing/sphere.ts';

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape, { dtype: 'f64' });
const key = random.key(0);

describe('Wasserstein', () => {
  test('of numbers: sorted differences; other sizes and orders', () => {
    expect(wasserstein1d(f64([3, 1, 2]), f64([5, 3, 4]))).toBeCloseTo(2, 12);
    // scipy.stats.wasserstein_distance([0, 1, 3], [5, 6]) = 25/6
    expect(wasserstein1d(f64([0, 1, 3]), f64([5, 6]))).toBeCloseTo(25 / 6, 12);
    expect(wasserstein1d(f64([0, 0]), f64([3, 4]), 2)).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(wasserstein1d(f64([1]), f64([1, 1, 1]))).toBe(0);
  });

  test('sliced: a shift by s in the plane is |s| · 2/π on average, √(|s|²/2) for order 2', () => {
    const x = normal(1, [500, 2]);
    const y = x.add(f64([3, 4]));
    expect(slicedWasserstein(x, y, { key, projections: 2000 })).toBeCloseTo((5 * 2) / Math.PI, 1);
    expect(slicedWasserstein(x, y, { key, projections: 2000, order: 2 })).toBeCloseTo(5 / Math.SQRT2, 1);
    expect(slicedWasserstein(x, x, { key })).toBe(0);
    expect(slicedWasserstein(x, y, { key })).toBe(slicedWasserstein(x, y, { key }));
    expect(slicedWasserstein(x, y, { key })).toBeCloseTo(slicedWasserstein(y, x, { key }), 12);
  });

  test('in one dimension it is W1, for any number of directions', () => {
    const [x, y] = [normal(2, [40, 1]), normal(3, [60, 1])];
    expect(slicedWasserstein(x, y, { key, projections: 3 })).toBeCloseTo(wasserstein1d(x, y), 12);
  });
});

describe('Fréchet', () => {
  test('between Gaussians on the axes has the closed form', () => {
    const moments = (mean: number[], variances: number[]) => ({
      mean: f64(mean),
      covariance: f64(variances.map((v, i) => variances.map((_, j) => (i === j ? v : 0)))),
    });
    // |μ-ν|² + Σ (√a - √b)²
    expect(frechetDistance(moments([0, 1], [4, 9]), moments([3, 5], [1, 0]))).toBeCloseTo(25 + 1 + 9, 10);
    const x = normal(4, [300, 4]);
    expect(frechetDistance(x, x)).toBeLessThan(1e-9);
    expect(frechetDistance(x, x.add(2))).toBeCloseTo(16, 8);
  });

  test('does not depend on a common rotation, nor on the order of the sets', () => {
    const [x, y] = [
      normal(5, [200, 3]),
      normal(6, [200, 3])
        .mul(f64([1, 2, 3]))
        .add(1),
    ];
    const turn = random.orthogonal(random.key(7), 3, [], { dtype: 'f64' });
    const plain = frechetDistance(x, y);
    expect(frechetDistance(x.matmul(turn), y.matmul(turn))).toBeCloseTo(plain, 8);
    expect(frechetDistance(y, x)).toBeCloseTo(plain, 8);
    expect(frechetDistance(momentsOf(x), y)).toBe(plain);
  });

  test('features that vary in few directions', () => {
    const x = normal(8, [5, 1]).matmul(f64([[1, 2, 3, 4, 5, 6, 7, 8]]));
    expect(frechetDistance(x, x)).toBeLessThan(1e-6);
  });
});

test('mistakes are named', () => {
  const x = normal(9, [4, 2]);
  expect(() => slicedWasserstein(x, normal(9, [4, 3]), { key })).toThrow(/one dimension, got \[4, 2\] and \[4, 3\]/);
  expect(() => slicedWasserstein(x.slice([0, 0]), x, { key })).toThrow(/at least one row/);
  expect(() => slicedWasserstein(x, x, { key, projection: 3 } as never)).toThrow(/Did you mean projections/);
  const holes = f64([
    [1, Number.NaN],
    [0, 0],
  ]);
  expect(() => slicedWasserstein(x, holes, { key })).toThrow(NonFiniteSampleError);
  expect(() => frechetDistance(x, holes)).toThrow(/expected finite points, got NaN in row 0/);
  expect(() => wasserstein1d(x, x)).toThrow(/Use slicedWasserstein/);
  expect(() => frechetDistance(x, normal(9, [4, 3]))).toThrow(/got 2 and 3/);
  expect(() => frechetDistance(tensor([[1, 2]]), x)).toThrow(/at least 2 rows/);
});
