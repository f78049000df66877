import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { quietWork } from '../work.ts';
import { gaussianKde } from './gaussianKde.ts';

const normal = (seed: number, rows: number): Float64Array =>
  Float64Array.from(random.normal(random.key(seed), [rows, 2], { dtype: 'f64' }).dataSync());

test('one kernel is a Gaussian', async () => {
  const train = Float64Array.of(0.5, -1);
  const { logDensity, bandwidth } = await gaussianKde(
    { train, validation: normal(0, 50), queries: train },
    2,
    quietWork,
  );
  expect(logDensity[0]).toBeCloseTo(-Math.log(2 * Math.PI * bandwidth ** 2), 12);
});

test('approaches the entropy of its data, from above', async () => {
  const queries = normal(3, 500);
  const found = await gaussianKde({ train: normal(1, 4000), validation: normal(2, 300), queries }, 2, quietWork);
  const nll = -found.logDensity.reduce((sum, one) => sum + one, 0) / 500;
  const truth = queries.reduce((sum, one) => sum + one ** 2, 0) / 1000 + Math.log(2 * Math.PI);
  expect(nll).toBeGreaterThan(truth - 0.02);
  expect(nll).toBeLessThan(truth + 0.05);
});

test('a far query has a finite density', async () => {
  const queries = Float64Array.of(1e3, 0);
  const { logDensity } = await gaussianKde({ train: normal(1, 10), validation: normal(2, 10), queries }, 2, quietWork);
  expect(Number.isFinite(logDensity[0])).toBe(true);
});

test('stops when asked', async () => {
  const work = { ...quietWork, signal: AbortSignal.abort(new Error('enough')) };
  await expect(
    gaussianKde({ train: normal(1, 9), validation: normal(2, 9), queries: normal(3, 9) }, 2, work),
  ).rejects.toThrow('enough');
});
