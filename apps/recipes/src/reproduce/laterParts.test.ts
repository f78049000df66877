import { defaultDevice, init } from '@flowfield/tensor-webgpu';
import { laterDevice } from '@flowfield/testing';
import { beforeAll, expect, test } from 'vitest';
import { briefRun } from './testing/brief.ts';

beforeAll(async () => {
  await init({ device: laterDevice(defaultDevice('cpu')) });
});

// Parts that take seconds and no files.
test.each([
  ['flow-matching', 'solver-error'],
  ['invariant-universality', 'parity'],
  ['pointnetst', 'quadratic'],
  ['set2graph', 'neighbours'],
  ['lrga', 'cycles'],
])('%s %s reads what has come alone, and needs no f64 of its device', { timeout: 120_000 }, async (paper, part) => {
  const { figures } = await briefRun(paper, part);
  for (const value of Object.values(figures)) expect(Number.isFinite(value)).toBe(true);
});
