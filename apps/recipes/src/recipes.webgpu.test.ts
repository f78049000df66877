import { init, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type MetricsRecord, memoryStorage, train } from '@flowfield/train';
import { beforeAll, expect, test } from 'vitest';
import { type DataFiles, quietWork, recipes, type SettingValues } from './index.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

const files: DataFiles = {
  benchmark: () => Promise.reject(new Error('it reads no files')),
  named: () => Promise.reject(new Error('it reads no files')),
};
/** As small as a recipe goes. */
const small: Readonly<Record<string, number>> = {
  ...{ steps: 20, innerSteps: 5, batch: 16, width: 8, depth: 2, octaves: 0, average: 0.5, validations: 1 },
  ...{ heldOut: 20, samples: 40, odeSteps: 2, sampleSteps: 2, timeFrequencies: 2 },
};

test.each(recipes.map((recipe) => [recipe.name, recipe] as const))(
  '%s trains, is measured and draws on a GPU, and nothing there is read at once',
  async (_, recipe) => {
    const known = recipe.settings.parse({}) as SettingValues;
    const given = Object.fromEntries(Object.entries(small).filter(([name]) => name in known));
    const settings = recipe.settings.parse(given) as SettingValues;
    const experiment = await recipe.open({ settings, seed: 0, data: recipe.data.fallback, files });
    const { averaged: params, step } = await train({ ...experiment.training, storage: memoryStorage(), seed: 0 });
    expect(step).toBe(20);
    expect(tree.leaves<Tensor>(params).map((leaf) => leaf.device?.name)).toContain('webgpu');

    const work = { ...quietWork, odeSteps: 2 };
    const evaluation = await experiment.evaluate(params, work);
    for (const value of Object.values(evaluation.figures)) expect(Number.isFinite(value)).toBe(true);
    const samples = await experiment.sample(params, { ...work, count: 10, seed: 1 });
    expect(samples.every(Number.isFinite)).toBe(true);
    expect(samples.length).toBe(10 * experiment.sampleWidth);
    // The map of the earth has 16,200 cells: minutes where the GPU is a program for the CPU.
    if (recipe.name === 'earth') return;
    const history = [{ step: 1, loss: 1, validation: 1 }] as unknown as MetricsRecord[];
    const pictures = await experiment.pictures({ params, evaluation, samples, history }, quietWork);
    for (const picture of Object.values(pictures)) expect(picture).toContain('<svg');
  },
);
