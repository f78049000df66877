import { expect, test } from 'vitest';
import type { Job } from './contender.ts';
import { median, timeTogether } from './timing.ts';

test('the median of odd and even counts', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('blocks of the jobs take turns, and every job gets its figures', async () => {
  const order: string[] = [];
  const job = (name: string): Job => ({
    run: () => {
      order.push(name);
      const start = performance.now();
      while (performance.now() - start < 1);
    },
    outputs: async () => [],
    dispose: () => {},
  });
  const timings = await timeTogether([job('a'), job('b')], {
    blockMs: 1,
    repetitions: 3,
    warmUpMs: 20,
    mostMs: 1000,
    clock: 'wall',
  });
  const turns = order.filter((name, i) => name !== order[i - 1]);
  expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  expect(timings).toHaveLength(2);
  for (const { fastest, median: middle, slowest } of timings) {
    expect(fastest).toBeGreaterThanOrEqual(1);
    expect(middle).toBeGreaterThanOrEqual(fastest);
    expect(slowest).toBeGreaterThanOrEqual(middle);
  }
});
