import { dropDuplicates, gatherRows, latLonToUnit, splitIndices } from '@flowfield/datasets';
import { earth } from '@flowfield/datasets/node';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitVonMisesFisherKde, KernelDensityError, negativeMean, vonMisesFisherKde } from './vonMisesFisherKde.ts';

const center = latLonToUnit([20], [30]);

/** Midpoint rule in latitude and longitude with weight cos(latitude). */
function integrate(logDensity: (points: Float64Array) => Float64Array, rows: number): number {
  const columns = 2 * rows;
  const step = 180 / rows;
  const latitude = Float64Array.from(
    { length: rows * columns },
    (_, k) => -90 + (Math.floor(k / columns) + 0.5) * step,
  );
  const longitude = Float64Array.from({ length: rows * columns }, (_, k) => -180 + ((k % columns) + 0.5) * step);
  const cellSide = (step * Math.PI) / 180;
  return logDensity(latLonToUnit(latitude, longitude)).reduce(
    (sum, value, k) => sum + Math.exp(value) * Math.cos((latitude[k]! * Math.PI) / 180) * cellSide ** 2,
    0,
  );
}

describe('vonMisesFisherKde', () => {
  it.each([0.01, 1, 10, 300])('integrates to 1 at kappa %d', (kappa) => {
    const points = latLonToUnit([20, -70, 89], [30, 179, 0]);
    const { logDensity } = vonMisesFisherKde(points, { kappa, uniformWeight: 0.05 });
    expect(integrate(logDensity, 360)).toBeCloseTo(1, 3);
  });

  it('has the closed form at the center and opposite to it', () => {
    const opposite = center.map((x) => -x);
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kappa, uniformWeight) => {
          const { logDensity } = vonMisesFisherKde(center, { kappa, uniformWeight });
          const constant = kappa / (4 * Math.PI * Math.sinh(kappa));
          for (const [query, cosine] of [
            [center, 1],
            [opposite, -1],
          ] as const) {
            const expected = uniformWeight / (4 * Math.PI) + (1 - uniformWeight) * constant * Math.exp(kappa * cosine);
            expect(logDensity(query)[0]).toBeCloseTo(Math.log(expected), 9);
          }
        },
      ),
    );
  });

  it.each([1e6, 1e11])('is finite and right at kappa %d', (kappa) => {
    const { logDensity } = vonMisesFisherKde(center, { kappa, uniformWeight: 0.01 });
    expect(logDensity(center)[0]).toBeCloseTo(Math.log((0.99 * kappa) / (2 * Math.PI)), 6);
    expect(logDensity(center.map((x) => -x))[0]).toBeCloseTo(Math.log(0.01 / (4 * Math.PI)), 12);
  });

  it('becomes uniform as kappa goes to 0 and as the floor takes all', () => {
    const uniform = -Math.log(4 * Math.PI);
    expect(vonMisesFisherKde(center, { kappa: 1e-12, uniformWeight: 0 }).logDensity(center)[0]).toBeCloseTo(uniform, 9);
    expect(vonMisesFisherKde(center, { kappa: 100, uniformWeight: 1 }).logDensity(center)[0]).toBeCloseTo(uniform, 12);
  });

  it.each([
    ['no points', new Float64Array(0), 1, 0],
    ['half a point', new Float64Array(2), 1, 0],
    ['a point inside the sphere', Float64Array.of(0.5, 0, 0), 1, 0],
    ['NaN', Float64Array.of(NaN, 0, 1), 1, 0],
    ['kappa 0', center, 0, 0],
    ['a weight over 1', center, 1, 1.5],
  ])('refuses %s', (_, points, kappa, uniformWeight) => {
    expect(() => vonMisesFisherKde(points, { kappa, uniformWeight })).toThrow(KernelDensityError);
  });
});

describe('fitVonMisesFisherKde', () => {
  it('chooses the best pair of candidates', () => {
    const train = latLonToUnit([0, 10, 20, 30], [0, 10, 20, 30]);
    const validation = latLonToUnit([5, 25, -60], [6, 24, 100]);
    const kappas = [1, 10, 100, 1000];
    const uniformWeights = [0.01, 0.1, 0.5];
    const fitted = fitVonMisesFisherKde({ train, validation, kappas, uniformWeights });
    const all = kappas.flatMap((kappa) =>
      uniformWeights.map((uniformWeight) =>
        negativeMean(vonMisesFisherKde(train, { kappa, uniformWeight }).logDensity(validation)),
      ),
    );
    expect(fitted.validationNll).toBeCloseTo(Math.min(...all), 12);
    expect(negativeMean(fitted.logDensity(validation))).toBeCloseTo(fitted.validationNll, 12);
  });

  // Held-out negative log-likelihood over five splits, measured on the same data with an independent implementation.
  it.for([
    ['earthquake', false, -0.21, 0.05],
    ['earthquake', true, -0.05, 0.1],
    ['flood', false, 0.56, 0.05],
    ['fire', false, -2.2, 0.13],
  ] as const)(
    'reaches the known figure on %s, duplicates dropped: %s',
    async ([name, unique, mean, spread], { skip }) => {
      if (!hasData('earth', `${name}.csv`)) skip(noDataReason);
      const raw = await earth(name, { folder: dataPath() });
      const { points } = unique ? dropDuplicates(raw) : raw;
      const seeds = [0, 1, 2, 3, 4];
      const nll = seeds.map((seed) => {
        const split = splitIndices(points.length / 3, { seed });
        const [train, validation, test] = [split.train, split.validation, split.test].map((rows) =>
          gatherRows(points, rows, 3),
        );
        return negativeMean(fitVonMisesFisherKde({ train: train!, validation: validation! }).logDensity(test!));
      });
      const average = nll.reduce((sum, value) => sum + value, 0) / seeds.length;
      expect(Math.abs(average - mean)).toBeLessThan(spread);
    },
  );
});
