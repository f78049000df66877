import { describe, expect, test } from 'vitest';
import { dividedDifference, type ScalarFunction } from './scalarFunction.ts';

const SQRT: ScalarFunction = { kind: 'power', exponent: 0.5 };
const SQUARE: ScalarFunction = { kind: 'power', exponent: 2 };
const INVERSE: ScalarFunction = { kind: 'power', exponent: -1 };

/** Nodes from equal to far apart, across the border between the series and the recurrence. */
const SPREADS = [0, 1e-14, 1e-9, 1e-5, 1e-2, 0.3, 0.99, 1.01, 5, 1e4];

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describe('divided differences at any distance of the nodes', () => {
  test.each(SPREADS)('spread %d, against formulas that do not cancel', (spread) => {
    const [x, y] = [0.7, 0.7 * (1 + spread)];
    expect(relative(dividedDifference(SQRT, [x, y]), 1 / (Math.sqrt(x) + Math.sqrt(y)))).toBeLessThan(5e-15);
    expect(relative(dividedDifference(SQUARE, [x, y]), x + y)).toBeLessThan(5e-15);
    expect(relative(dividedDifference(INVERSE, [x, y]), -1 / (x * y))).toBeLessThan(5e-15);
    const logs = spread === 0 ? 1 / x : Math.log1p((y - x) / x) / (y - x);
    expect(relative(dividedDifference({ kind: 'log' }, [x, y]), logs)).toBeLessThan(5e-15);
    const far = Math.min(spread, 100);
    const growth = far === 0 ? 1 : Math.expm1(far) / far;
    expect(relative(dividedDifference({ kind: 'exp' }, [-2, -2 + far]), Math.exp(-2) * growth)).toBeLessThan(2e-13);
  });

  test.each(SPREADS)('of three and four nodes, spread %d', (spread) => {
    const [x, y, z, w] = [0.7, 0.7 * (1 + spread / 3), 0.7 * (1 + spread / 2), 0.7 * (1 + spread)];
    expect(relative(dividedDifference(INVERSE, [x, y, z]), 1 / (x * y * z))).toBeLessThan(1e-13);
    expect(relative(dividedDifference(INVERSE, [x, y, z, w]), -1 / (x * y * z * w))).toBeLessThan(1e-12);
    expect(dividedDifference(SQUARE, [x, y, z])).toBeCloseTo(1, 13);
    const [p, q, r] = [x, y, z].map(Math.sqrt);
    expect(relative(dividedDifference(SQRT, [x, y, z]), -1 / ((p + q) * (p + r) * (q + r)))).toBeLessThan(1e-13);
  });

  test('at equal nodes: derivatives over factorials', () => {
    expect(dividedDifference({ kind: 'exp' }, [1, 1, 1])).toBeCloseTo(Math.E / 2, 14);
    expect(dividedDifference({ kind: 'log' }, [2, 2, 2])).toBeCloseTo(-1 / 8, 15);
    expect(dividedDifference(SQRT, [4, 4, 4, 4])).toBeCloseTo((0.375 * 4 ** -2.5) / 6, 15);
  });
});
