import { readFile } from 'node:fs/promises';
import { random, tensor } from '@flowfield/tensor-webgpu';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import { expect, test } from 'vitest';
import { type DigitNetwork, digitField, NONE } from './digitField.ts';
import { asPixels, averagedPixels, centered, loadDigits } from './digitImages.ts';

test('pixels are averaged over their blocks', () => {
  const image = Float32Array.from(
    { length: 28 * 28 },
    (_, i) => (Math.floor(i / 28) % 2 === 0 ? 1 : 0) * ((i % 28) + 1),
  );
  const small = averagedPixels(image, 1, 14);
  expect(small.shape).toEqual([1, 196]);
  // Columns 2j + 1 and 2j + 2 of every second row.
  expect(Array.from(small.dataSync()).slice(0, 3)).toEqual([0.75, 1.75, 2.75]);
});

test('points around 0 and pixels are each other', () => {
  const pixels = tensor([0, 0.25, 1]);
  expect(Array.from(asPixels(centered(pixels)).dataSync())).toEqual([0, 0.25, 1]);
  expect(Array.from(asPixels(tensor([-3, 3])).dataSync())).toEqual([0, 1]);
});

test.each([{ hidden: [16, 16] }, { channels: [8, 16] }] as DigitNetwork[])('the field %o sees its label', (network) => {
  const field = digitField(network, { side: 8, labelled: true });
  const params = field.init(random.key(0));
  const x = random.normal(random.key(1), [2, 64]);
  const t = tensor([0.3, 0.3]);
  const at = (label: number) => field.velocity(params, x, t, tensor([label, label], { dtype: 'i32' }));
  expect(at(3).shape).toEqual([2, 64]);
  // The last convolution of the U-Net begins at 0.
  const differ = at(3).sub(at(NONE)).abs().max().item();
  if ('hidden' in network) expect(differ).toBeGreaterThan(0);
  else expect(differ).toBe(0);
});

test('8,000 digits train, 2,000 are held out, of 256 levels', async (context) => {
  if (!hasData('mnist')) return context.skip(noDataReason);
  const files = {
    benchmark: async (path: string) => new Uint8Array(await readFile(dataPath(path))),
    named: () => Promise.reject(),
  };
  const { train, held } = await loadDigits(files, 14);
  expect([train.count, held.count, train.pixels.shape, held.label.shape]).toEqual([8000, 2000, [8000, 196], [2000]]);
  const levels = held.pixels.mul(255);
  expect(levels.sub(levels.round()).abs().max().item()).toBeLessThan(1e-4);
});
