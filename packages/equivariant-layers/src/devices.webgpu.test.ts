import { init } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { layersOn } from './testing/everyLayer.ts';

await init({ device: 'webgpu' });
const [expected, found] = ['cpu', 'webgpu'].map(layersOn);

test.each(Object.keys(expected))('%s on a GPU as on the CPU', async (name) => {
  const [here, there] = [expected[name](), found[name]()];
  expect(there.device?.name).toBe('webgpu');
  expect(there.shape).toEqual(here.shape);
  const [a, b] = (await Promise.all([here.data(), there.data()])).map((values) => Array.from(values, Number));
  expect(b.every(Number.isFinite)).toBe(true);
  // One frame drawn of several begins at the signs of eigenvectors, which are anybody's.
  if (name === 'frameAverage, one frame') return;
  const size = Math.max(1, ...a.map(Math.abs));
  a.forEach((value, i) => {
    expect(Math.abs(b[i] - value) / size).toBeLessThan(5e-5);
  });
});
