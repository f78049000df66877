import { eye, linalg, random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { drawnTurn, fiedlerShape, POINTS } from './fiedlerShapes.ts';

/** A tetrahedron. */
const mesh = {
  positions: Float64Array.of(1, 1, 1, -1, -1, 1, -1, 1, -1, 1, -1, -1),
  faces: Int32Array.of(0, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2),
};

test.each(['uniform', 'factor'] as const)(
  '%s poses: a shape is centered, of size 1, with a target of mean square 1',
  (poses) => {
    const { points, target } = fiedlerShape([mesh], random.key(0), poses);
    expect(points).toHaveLength(3 * POINTS);
    for (const axis of [0, 1, 2]) {
      const mean = points.filter((_, i) => i % 3 === axis).reduce((sum, x) => sum + x, 0) / POINTS;
      expect(mean).toBeCloseTo(0, 6);
    }
    const norms = Array.from({ length: POINTS }, (_, i) => Math.hypot(...points.slice(3 * i, 3 * i + 3)));
    expect(Math.max(...norms)).toBeCloseTo(1, 6);
    expect(target.reduce((sum, x) => sum + x * x, 0) / POINTS).toBeCloseTo(1, 5);
    expect(Math.min(...target)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...target) - Math.min(...target)).toBeGreaterThan(0.5);
    expect(fiedlerShape([mesh], random.key(0), poses)).toEqual({ points, target });
  },
);

test('turns are orthogonal; factors are rotations that take the first axis to one half, uniformly there', () => {
  const draws = 300;
  const mean = { uniform: 0, factor: 0 };
  const determinants = { uniform: new Set<number>(), factor: new Set<number>() };
  for (const poses of ['uniform', 'factor'] as const) {
    for (let draw = 0; draw < draws; draw++) {
      const turn = drawnTurn(random.foldIn(random.key(1), draw), poses);
      expect(turn.T.matmul(turn).sub(eye(3)).abs().max().item()).toBeLessThan(1e-14);
      determinants[poses].add(Math.round(linalg.det(turn).item()));
      mean[poses] += turn.slice([0, 1], [0, 1]).item() / draws;
    }
  }
  expect(determinants).toEqual({ uniform: new Set([1, -1]), factor: new Set([1]) });
  // A coordinate of a unit vector is uniform on [-1, 1]: means of 0 and -1/2, deviations of them 1/√(3 draws), 1/√(12 draws).
  expect(Math.abs(mean.uniform)).toBeLessThan(4 / Math.sqrt(3 * draws));
  expect(Math.abs(mean.factor + 0.5)).toBeLessThan(4 / Math.sqrt(12 * draws));
});
