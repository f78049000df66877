import { latLonToUnit } from '@flowfield/datasets';
import { expect, test } from 'vitest';
import { quietWork } from '../work.ts';
import { kernelBaseline } from './kernelBaseline.ts';
import { fitVonMisesFisherKde } from './vonMisesFisherKde.ts';

const grid = (n: number, shift: number) =>
  latLonToUnit(
    Array.from({ length: n }, (_, i) => -60 + ((i * 37.1 + shift) % 120)),
    Array.from({ length: n }, (_, i) => -180 + ((i * 91.7 + shift) % 360)),
  );

test('is the kernel density that was fitted, query by query', async () => {
  const [train, validation, queries] = [grid(300, 0), grid(60, 1), grid(300, 2)];
  const baseline = await kernelBaseline({ train, validation, queries }, quietWork);
  const fitted = fitVonMisesFisherKde({ train, validation });
  expect(baseline.logDensity).toEqual(fitted.logDensity(queries));
  expect(baseline).toMatchObject({ kappa: fitted.kappa, validationNll: fitted.validationNll });
  expect(baseline.sampled).toBeUndefined();
});

test('of very many events it takes some and says so; it tells how far it is', async () => {
  const told: number[] = [];
  const { sampled } = await kernelBaseline(
    { train: grid(20_500, 0), validation: grid(20, 1), queries: grid(300, 2) },
    { ...quietWork, progress: (_title, done) => void told.push(done) },
  );
  expect(sampled).toBe(20_000);
  expect(told).toEqual([0, 128, 256, 300]);
});

test('stops when asked', async () => {
  const stop = new AbortController();
  const work = { signal: stop.signal, progress: () => stop.abort() };
  await expect(kernelBaseline({ train: grid(9, 0), validation: grid(9, 1), queries: grid(9, 2) }, work)).rejects.toBe(
    stop.signal.reason,
  );
});
