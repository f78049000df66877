import { init, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { createTrainer, memoryStorage } from '@flowfield/train';
import { expect, test } from 'vitest';
import { quietWork, recipeNamed, type SettingValues } from '../index.ts';

/** The main job with its own network, for a few steps: a processor that plays a GPU takes seconds for each. */
const short = { steps: 4, innerSteps: 2, batch: 320, validations: 1, roughOdeSteps: 2 };
const files = {
  benchmark: () => Promise.reject(new Error('it reads no files')),
  named: () => Promise.reject(new Error('it reads no files')),
};

/** What training on a device comes to: the loss of every step, and the held-out negative log-likelihood. */
async function trained(device: string) {
  await init({ device });
  const recipe = recipeNamed('earth');
  const settings = recipe.settings.parse(short) as SettingValues;
  const experiment = await recipe.open({ settings, seed: 1, data: recipe.data.fallback, files });
  const trainer = createTrainer({ ...experiment.training, seed: 1, storage: memoryStorage() });
  const losses: number[] = [];
  const validations: number[] = [];
  for await (const event of trainer.run({ signal: quietWork.signal })) {
    if (event.kind === 'progress') losses.push(...event.losses);
    if (event.kind === 'validation') validations.push(event.value);
  }
  for (const leaf of tree.leaves<Tensor>(trainer.params)) expect(leaf.device?.name).toBe(device);
  expect(validations).toHaveLength(1);
  return { losses, nll: validations[0] };
}

test('the main job trains on a GPU, and comes to the figures of the CPU within rounding', async () => {
  const cpu = await trained('cpu');
  const gpu = await trained('webgpu');
  expect(gpu.losses).toHaveLength(short.steps);
  gpu.losses.forEach((loss, step) => {
    expect(loss).toBeCloseTo(cpu.losses[step], 4);
  });
  expect(gpu.losses[3]).toBeLessThan(gpu.losses[0]);
  expect(gpu.nll).toBeCloseTo(cpu.nll, 4);
}, 400_000);
