import { devices } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { layersOn } from './testing/everyLayer.ts';

const expected = layersOn('cpu');

describe.each(devices().filter((device) => device !== 'cpu'))('on %s as on the CPU', (device) => {
  const found = layersOn(device);
  test.each(Object.keys(expected))('%s', async (name) => {
    const [here, there] = [expected[name](), found[name]()];
    expect(there.device?.name).toBe(device);
    expect(there.shape).toEqual(here.shape);
    const [a, b] = [await here.data(), await there.data()].map((values) => Array.from(values, Number));
    const size = Math.max(1, ...a.map(Math.abs));
    a.forEach((value, i) => {
      expect(Math.abs(b[i] - value) / size).toBeLessThan(2e-5);
    });
  });
});
