import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { densityScale } from './densityScale.ts';
import { PictureError } from './pictureError.ts';

const LOG_UNIFORM = -Math.log(4 * Math.PI);

describe('densityScale', () => {
  it('covers the highest 8 nats in at most 21 even bands', () => {
    const values = fc.array(fc.double({ min: -40, max: 20, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(values, (logDensity) => {
        const { thresholds, upper, step, clamp } = densityScale({ rows: 2, columns: 2, logDensity });
        const highest = Math.max(...logDensity) - LOG_UNIFORM;
        const lowest = Math.max(Math.min(...logDensity) - LOG_UNIFORM, highest - 8);
        expect(thresholds.length).toBeLessThanOrEqual(21);
        expect(thresholds[0]).toBeLessThanOrEqual(lowest + 1e-9);
        expect(thresholds[0]).toBeGreaterThan(lowest - step - 1e-9);
        expect(upper).toBeGreaterThanOrEqual(highest - 1e-9);
        expect(thresholds.at(-1)! + step).toBeCloseTo(upper, 9);
        expect(clamp(-Infinity)).toBe(thresholds[0]);
        expect(clamp(highest)).toBe(highest);
      }),
    );
  });

  it('measures from the uniform density', () => {
    const { grid } = densityScale({
      rows: 2,
      columns: 2,
      logDensity: [LOG_UNIFORM, LOG_UNIFORM + 1, LOG_UNIFORM, -Infinity],
    });
    expect([...Array.from(grid.logDensity)]).toEqual([0, 1, 0, -Infinity]);
  });

  it.each([
    ['too few values', 2, 2, [0, 0, 0]],
    ['a single row', 1, 4, [0, 0, 0, 0]],
    ['NaN', 2, 2, [0, 0, 0, NaN]],
    ['infinity', 2, 2, [0, 0, 0, Infinity]],
    ['zero everywhere', 2, 2, [-Infinity, -Infinity, -Infinity, -Infinity]],
  ])('refuses %s', (_, rows, columns, logDensity) => {
    expect(() => densityScale({ rows, columns, logDensity })).toThrow(PictureError);
  });
});
