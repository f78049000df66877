import { type Metric, type Part, papers } from '@flowfield/recipes';
import { expect, test } from 'vitest';
import { allPassed, resultOf, type SeedOutcome } from './result.ts';
import { resultsPage } from './table.ts';

const [paper] = papers;
const outcome = (seed: number, figures: Record<string, number>, commit = 'abc'): SeedOutcome => ({
  ...{ seed, figures, commit, pictures: ['map'], device: 'cpu', threads: 1, wide: false },
  seconds: 10 * (seed + 1),
});
const result = (metrics: Metric[], outcomes: SeedOutcome[], effort: 'plain' | 'quick' = 'plain') => {
  const part: Part = { ...paper.parts[0], metrics };
  return resultOf(paper, part, effort, outcomes, { command: 'flowfield reproduce x', pictures: ['x-map.png'] });
};

test('a value is the mean over the seeds, its spread their standard deviation', () => {
  const { value, spread, values, seeds, seconds, commit } = result(
    [{ name: 'a', label: 'A' }],
    [outcome(0, { a: 1 }), outcome(1, { a: 2 }, 'def'), outcome(2, { a: 6 })],
  );
  expect([value, values, seeds, seconds]).toEqual([3, [1, 2, 6], [0, 1, 2], 20]);
  expect(spread).toBeCloseTo(Math.sqrt(7), 12);
  expect(commit).toBe('abc, def');
});

test('a gate holds for every seed, or for their mean where it says so', () => {
  const seeds = [outcome(0, { a: 1 }), outcome(1, { a: 3 })];
  const of = (gate: Metric['gate'], effort?: 'quick') =>
    allPassed(result([{ name: 'a', label: 'A', gate }], seeds, effort));
  expect(of({ atMost: 3 })).toBe(true);
  expect(of({ atMost: 2 })).toBe(false);
  expect(of({ atMost: 2, of: 'mean' })).toBe(true);
  expect(of({ atLeast: 2 })).toBe(false);
  expect(of({ atLeast: 1, atMost: 3 })).toBe(true);
  // A quick look is held to a gate only where it says so.
  expect(of({ atMost: 2 }, 'quick')).toBe(true);
  expect(of({ atMost: 2, quick: true }, 'quick')).toBe(false);
  expect(of({ atMost: 2, quick: { atMost: 3 } }, 'quick')).toBe(true);
  expect(of({ atMost: 5, quick: { atMost: 2 } }, 'quick')).toBe(false);
  expect(of({ atMost: 2, quick: { atMost: 3 } })).toBe(false);
});

test('a quick look may leave metrics out', () => {
  const metrics: Metric[] = [
    { name: 'a', label: 'A' },
    { name: 'long', label: 'takes long', quick: false },
  ];
  expect(result(metrics, [outcome(0, { a: 1 })], 'quick').metrics.map(({ metric }) => metric)).toEqual(['a']);
  expect(result(metrics, [outcome(0, { a: 1, long: 2 })]).metrics.map(({ metric }) => metric)).toEqual(['a', 'long']);
});

test('the page shows value, spread, gate, the number of the paper, and a miss', () => {
  const page = resultsPage([
    result(
      [
        { name: 'a', label: 'A|x|', gate: { atMost: 2, of: 'mean' }, paper: '1.5', digits: 1 },
        { name: 'b', label: 'B', gate: { atLeast: 9 }, digits: 0 },
        { name: 'k', label: 'kernel', baseline: true },
      ],
      [outcome(0, { a: 1, b: 5, k: 0.5 }), outcome(1, { a: 3, b: 9, k: 0.5 })],
    ),
  ]);
  expect(page).toContain('| A\\|x\\| | 2.0 ± 1.4 | ≤ 2 (mean) ✓ | 1.5 |');
  expect(page).toContain('| B | 7 ± 3 | ≥ 9 **missed** |');
  expect(page).toContain('| *kernel* | 0.500 ± 0.000 |');
  expect(page).toContain('gate missed');
  expect(page).toContain(`](results/${paper.name}/x-map.png)`);
});
