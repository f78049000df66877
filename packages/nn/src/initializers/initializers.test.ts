import * as ff from '@flowfield/tensor-webgpu';
import { random } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Initializer, initializers } from '../index.ts';

const ROWS = 200;
const COLUMNS = 100;
const context = initializers.contextOf([ROWS, COLUMNS]);

/** Variance, bound of the support, and the kurtosis that tells a normal (3) from a uniform (1.8) distribution. */
const cases: [name: string, initializer: Initializer, variance: number, kurtosis: number][] = [
  ['lecunNormal', initializers.lecunNormal, 1 / ROWS, 3],
  ['lecunUniform', initializers.lecunUniform, 1 / ROWS, 1.8],
  ['fanInUniform', initializers.fanInUniform, 1 / (3 * ROWS), 1.8],
  ['glorotNormal', initializers.glorotNormal, 2 / (ROWS + COLUMNS), 3],
  ['glorotUniform', initializers.glorotUniform, 2 / (ROWS + COLUMNS), 1.8],
  ['kaimingNormal', initializers.kaimingNormal(), 2 / ROWS, 3],
  ['kaimingUniform', initializers.kaimingUniform({ negativeSlope: 0.2, mode: 'fanOut' }), 2 / (1.04 * COLUMNS), 1.8],
  ['normal', initializers.normal(0.5), 0.25, 3],
  ['uniform', initializers.uniform(0.5), 1 / 12, 1.8],
];

it.each(cases)('%s has its moments', (_name, initializer, variance, kurtosis) => {
  const data = [...initializer(random.key(3), [ROWS, COLUMNS], context).dataSync()];
  const moment = (p: number): number => data.reduce((sum, x) => sum + x ** p, 0) / data.length;
  // Five standard errors of the mean, of the variance, and (generously) of the kurtosis.
  const error = 5 / Math.sqrt(data.length);
  expect(Math.abs(moment(1))).toBeLessThan(error * Math.sqrt(variance));
  expect(Math.abs(moment(2) / variance - 1)).toBeLessThan(error * Math.sqrt(2));
  expect(Math.abs(moment(4) / moment(2) ** 2 - kurtosis)).toBeLessThan(error * Math.sqrt(24));
  if (kurtosis < 2) expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(Math.sqrt(3 * variance)));
});

it('draws orthonormal columns, or rows where there are fewer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.nat(1000), (n, m, seed) => {
      const shape = [n, m];
      const w = initializers.orthogonal(2)(random.key(seed), shape, initializers.contextOf(shape, 'f64'));
      expect(w.shape).toEqual(shape);
      const gram = n >= m ? w.T.matmul(w) : w.matmul(w.T);
      const difference = gram
        .sub(ff.eye(Math.min(n, m), undefined, { dtype: 'f64' }).mul(4))
        .abs()
        .max()
        .item();
      expect(difference).toBeLessThan(1e-12);
    }),
    { numRuns: 12 },
  );
});

it('draws in f64, and fills constants', () => {
  const context64 = initializers.contextOf([2, 3], 'f64');
  expect(initializers.lecunNormal(random.key(0), [2, 3], context64).dtype).toBe('f64');
  expect([...initializers.constant(2.5)(random.key(0), [2], context64).dataSync()]).toEqual([2.5, 2.5]);
  expect([...initializers.zeros(random.key(0), [2], context).dataSync()]).toEqual([0, 0]);
  expect([...initializers.ones(random.key(0), [2], context).dataSync()]).toEqual([1, 1]);
});

it('counts leading axes of a weight as receptive field', () => {
  expect(initializers.contextOf([3, 3, 8, 16])).toEqual({ dtype: 'f32', fanIn: 72, fanOut: 144 });
});

it('names arguments outside their range', () => {
  expect(() => initializers.normal(-1)).toThrow(/normal: std must be a finite number of at least 0, got -1/);
  expect(() => initializers.contextOf([3])).toThrow(/expected a weight of shape \[..., inputs, outputs\], got \[3\]/);
  expect(() => initializers.orthogonal()(random.key(0), [3], context)).toThrow(/expected a matrix, got shape \[3\]/);
  expect(() => initializers.varianceScaling({ mode: 'fan' as never })).toThrow(/got 'fan'/);
});
