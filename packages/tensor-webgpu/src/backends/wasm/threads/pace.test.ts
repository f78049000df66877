import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** Runs a program for which `milliseconds` says how long each way takes; returns the share of runs together after a start. */
function shareTogether(milliseconds: (way: 'alone' | 'together', run: number) => number, runs = 5000): number {
  const pace = new Pace();
  let together = 0;
  for (let run = 0; run < runs; run++) {
    const way = pace.next();
    pace.took(milliseconds(way, run));
    if (run >= runs / 2 && way === 'together') together++;
  }
  return together / (runs - runs / 2);
}

describe('whether other threads take part', () => {
  it('is what is faster', () => {
    expect(shareTogether((way) => (way === 'together' ? 0.6 : 1))).toBeGreaterThan(0.99);
    expect(shareTogether((way) => (way === 'together' ? 1.5 : 1))).toBeLessThan(0.05);
    expect(shareTogether((way) => (way === 'together' ? 0.97 : 1))).toBeLessThan(0.05);
  });

  it('is found out although the first runs are in slower code', () => {
    const warm = (run: number) => (run < 8 ? 5 : 1);
    expect(shareTogether((way, run) => warm(run) * (way === 'together' ? 0.6 : 1), 600)).toBeGreaterThan(0.9);
  });

  it('follows a machine that becomes busy, and one that becomes free', () => {
    expect(shareTogether((way, run) => (way === 'together' ? (run < 1000 ? 0.6 : 2) : 1))).toBeLessThan(0.05);
    expect(shareTogether((way, run) => (way === 'together' ? (run < 1000 ? 2 : 0.6) : 1))).toBeGreaterThan(0.99);
  });

  it('is not decided by single runs that took long', () => {
    const burst = (run: number) => (run % 97 === 0 ? 50 : 0);
    expect(shareTogether((way, run) => burst(run) + (way === 'together' ? 0.6 : 1))).toBeGreaterThan(0.8);
  });
});
