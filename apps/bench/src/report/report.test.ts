import { expect, test } from 'vitest';
import { chart } from './chart.ts';
import { geometricMeans, type Report, verdictOf } from './figures.ts';
import { markdown } from './markdown.ts';
import { between } from './publish.ts';

const timing = (median: number) => ({ median, fastest: median, slowest: median, coreShare: 1 });
const entry = (contender: string, ms: number | null, ...remarks: string[]) => ({
  contender,
  timing: ms === null ? null : timing(ms),
  remarks,
});

const report: Report = {
  date: '2026-01-01T00:00:00.000Z',
  commit: 'abc',
  command: 'bench',
  processor: 'a processor',
  node: '24.0.0',
  threads: 1,
  clock: 'wall',
  versions: { plain: 'here', wide: 'here', JAX: '1', PyTorch: '2' },
  missing: [{ name: 'tfjs', missing: 'not installed' }],
  peak: { plain: 50, wide: 100 },
  coreShare: 1,
  rows: [
    {
      row: 'a product',
      flops: 9e7,
      goal: { kind: 'peak', share: 0.85 },
      entries: [entry('plain', 2), entry('wide', 1), entry('JAX', 4), entry('PyTorch', 8)],
    },
    {
      row: 'a step',
      flops: null,
      goal: { kind: 'jax', ratio: 0.8 },
      entries: [entry('plain', 4), entry('wide', 2), entry('JAX', 2), entry('PyTorch', 4)],
    },
    {
      row: 'a small step',
      flops: null,
      goal: { kind: 'time', ms: 0.005 },
      entries: [entry('plain', 0.004), entry('wide', 0.004), entry('JAX', null, 'wrong numbers'), entry('PyTorch', 1)],
    },
  ],
};

test('goals are of the peak, of JAX, and in milliseconds', () => {
  expect(report.rows.map((row) => verdictOf(row, report)?.met)).toEqual([true, false, true]);
  const slower = { ...report, peak: { plain: 50, wide: 200 } };
  expect(verdictOf(report.rows[0], slower)?.met).toBe(false);
});

test('with threads the goal of rows above 2 ms is to be 1.7 times as fast', () => {
  const row = { ...report.rows[0], entries: [entry('wide', 10), entry('wide, 1 thread', 18)] };
  expect(verdictOf(row, { ...report, threads: 2 })?.met).toBe(true);
  const small = { ...row, entries: [entry('wide', 1), entry('wide, 1 thread', 1.8)] };
  expect(verdictOf(small, { ...report, threads: 2 })).toBeNull();
});

test('means are geometric, over the fastest, of rows that everyone has', () => {
  const { rows, means } = geometricMeans(report);
  expect(rows).toBe(2);
  expect(means.get('wide')).toBeCloseTo(1, 12);
  expect(means.get('JAX')).toBeCloseTo(2, 12);
  expect(means.get('PyTorch')).toBeCloseTo(4, 12);
});

test('the page has a row for each, what is missing, and what is void', () => {
  const page = markdown(report);
  expect(page.split('\n').filter((line) => line.startsWith('| '))).toHaveLength(5);
  expect(page).toContain('tfjs: not installed');
  expect(page).toContain('| 0.00400 ms | 0.00400 ms | void | 1.00 ms |');
  expect(page).toContain('Goals met: 2 of 3');
});

test('a part of a page is put between its marks, and nothing else changes', () => {
  const text = 'a\n<!-- x -->\nold\n<!-- /x -->\nb\n';
  expect(between(text, 'x', 'new')).toBe('a\n<!-- x -->\nnew\n<!-- /x -->\nb\n');
  expect(() => between('no marks', 'x', 'new')).toThrow(RangeError);
});

test('the chart is SVG with a dot for each time', () => {
  const svg = chart(report);
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toContain("<title>Time on the CPU over flowfield's, one thread</title>");
  expect(svg).not.toContain('<style');
  // Eleven times, and four libraries in the legend.
  expect(svg.match(/<circle/g)).toHaveLength(11 + 4);
});
