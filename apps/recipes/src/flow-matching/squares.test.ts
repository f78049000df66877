import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { squares } from './squares.ts';

const points = squares.sample(random.key(0), 40_000).dataSync();

test('entropy and density are those of 8 squares of side 1 / .45', () => {
  expect(squares.entropy).toBeCloseTo(3.676457, 6);
  expect(squares.density).toBeCloseTo(0.0253125, 10);
  expect(-Math.log(squares.density)).toBeCloseTo(squares.entropy, 12);
});

test('every sample lies on a square; the others are empty', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < points.length; i += 2) {
    // Rounding of float32 may put a sample a hair over an edge.
    const inner = (value: number) => value * (1 - 1e-6);
    expect(squares.contain(inner(points[i]), inner(points[i + 1])) || squares.contain(points[i], points[i + 1])).toBe(
      true,
    );
    const cell = `${Math.floor(points[i] * 0.45)} ${Math.floor(points[i + 1] * 0.45)}`;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const full = [...counts.values()].filter((count) => count > 10);
  expect(full).toHaveLength(8);
  // 5,000 a square, with a standard deviation of 66.
  for (const count of full) expect(Math.abs(count - 5000)).toBeLessThan(330);
});

test('outside the board there is no square', () => {
  const far = 4.5;
  for (const [x, y] of [
    [far, far],
    [-far, 0.1],
    [0.1, far],
    [far, -far],
  ])
    expect(squares.contain(x, y)).toBe(false);
});
