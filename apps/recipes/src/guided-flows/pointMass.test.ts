import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { behaviour, distance, drawnTasks, HORIZON, lived, moved, straight } from './pointMass.ts';

const key = random.key(3);
const tasks = drawnTasks(key, 200);

test('moves are clipped to .06, and walls hold a point', () => {
  const position = Float64Array.of(0.5, 0.99);
  const move = moved(position, [3, 4]);
  expect(Math.hypot(...move)).toBeCloseTo(0.06, 12);
  expect(position[0]).toBeCloseTo(0.536, 12);
  expect(position[1]).toBe(1);
  expect(moved(position, [0.01, 0])).toEqual([0.01, 0]);
});

test('straight to the goal: the closed form of its return, and no behaviour is better on average', () => {
  const { returns, positions } = lived(tasks, straight);
  for (const [i, { start, goal }] of tasks.entries()) {
    const from = distance(start, goal);
    const expected = Array.from({ length: HORIZON }, (_, k) => Math.max(0, from - 0.06 * (k + 1)));
    expect(returns[i]).toBeCloseTo(-expected.reduce((sum, value) => sum + value, 0) / HORIZON, 10);
    expect(distance(positions.subarray((i + 1) * 2 * HORIZON - 2), goal)).toBeLessThan(1e-12);
  }
  const other = lived(tasks, behaviour(key, tasks.length));
  for (const [i, value] of other.returns.entries()) expect(value).toBeLessThanOrEqual(returns[i] + 1e-12);
});

test('a behaviour comes from its key, and goes in smooth ways', () => {
  const [one, same, other] = [key, key, random.key(4)].map((own) => lived(tasks, behaviour(own, tasks.length)));
  expect(one.moves).toEqual(same.moves);
  expect(one.moves).not.toEqual(other.moves);
  let [along, all] = [0, 0];
  for (let j = 2; j < one.moves.length; j++) {
    if (j % (2 * HORIZON) < 2) continue;
    along += one.moves[j] * one.moves[j - 2];
    all += one.moves[j] ** 2;
  }
  expect(along / all).toBeGreaterThan(0.5);
});
