import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SplitError, splitIndices } from './splitIndices.ts';

const seed = fc.nat({ max: 2 ** 32 - 1 });

describe('splitIndices', () => {
  it('puts every row in exactly one part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 3000 }), seed, (n, seed) => {
        const { train, validation, test } = splitIndices(n, { seed });
        const all = [...train, ...validation, ...test].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('gives each part its share to within one row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 5, max: 80 }), (n, percent) => {
        const fractions = { train: percent / 100, validation: 0.1, test: 1 - 0.1 - percent / 100 };
        const split = splitIndices(n, { fractions });
        for (const part of ['train', 'validation', 'test'] as const) {
          expect(Math.abs(split[part].length - n * fractions[part])).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        fc.pre(a !== b);
        expect(splitIndices(200, { seed: a })).toEqual(splitIndices(200, { seed: a }));
        expect(splitIndices(200, { seed: a }).train).not.toEqual(splitIndices(200, { seed: b }).train);
      }),
    );
  });

  it('keeps its published splits', () => {
    expect([...splitIndices(1707).test.slice(0, 5)]).toEqual([1597, 781, 810, 1697, 1687]);
  });

  it('sends each row to the test part equally often', () => {
    const rows = 10;
    const seeds = 4000;
    const counts = new Array<number>(rows).fill(0);
    for (let s = 0; s < seeds; s++) counts[splitIndices(rows, { seed: s }).test[0]!]!++;
    const expected = seeds / rows;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 99.99 % quantile of the chi-squared distribution with 9 degrees of freedom.
    expect(chiSquared).toBeLessThan(33.7);
  });

  it('leaves out a part with fraction 0', () => {
    const { train, validation, test } = splitIndices(7, { fractions: { train: 0.9, validation: 0.1, test: 0 } });
    expect([train.length, validation.length, test.length]).toEqual([6, 1, 0]);
  });

  it.each([
    [0, {}],
    [2.5, {}],
    [3, {}],
    [100, { seed: -1 }],
    [100, { seed: 0.5 }],
    [100, { seed: 2 ** 32 }],
    [100, { fractions: { train: 0.8, validation: 0.1, test: 0.2 } }],
    [100, { fractions: { train: 1.2, validation: -0.2, test: 0 } }],
    [100, { fractions: { train: NaN, validation: 0.1, test: 0.1 } }],
  ])('refuses %s rows with %s', (n, options) => {
    expect(() => splitIndices(n, options)).toThrow(SplitError);
  });
});
