import { DeviceError, defaultDevice, init } from '@flowfield/tensor-webgpu';
import { beforeAll, expect, test } from 'vitest';
import { briefRun } from './testing/brief.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

test('a part runs on a GPU to the figures of the CPU', { timeout: 300_000 }, async () => {
  const there = await briefRun('invariant-universality', 'parity');
  defaultDevice('cpu');
  const here = await briefRun('invariant-universality', 'parity');
  defaultDevice('webgpu');
  // Of 4,000 points a few lie where rounding decides.
  for (const [name, value] of Object.entries(here.figures))
    expect(Math.abs(there.figures[name] - value)).toBeLessThan(0.5);
});

test('a part that needs float64 says so', async () => {
  await expect(briefRun('invariant-universality', 'exact')).rejects.toThrow(DeviceError);
});
