import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { fiedlerShape, POINTS } from './fiedlerShapes.ts';

/** A tetrahedron. */
const mesh = {
  positions: Float64Array.of(1, 1, 1, -1, -1, 1, -1, 1, -1, 1, -1, -1),
  faces: Int32Array.of(0, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2),
};

test('a shape is centered, of size 1, with a target of mean square 1 that is no constant', () => {
  const { points, target } = fiedlerShape([mesh], random.key(0));
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
  expect(fiedlerShape([mesh], random.key(0))).toEqual({ points, target });
});
