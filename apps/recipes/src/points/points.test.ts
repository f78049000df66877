import { memoryStorage, train } from '@flowfield/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DataFiles, type Experiment, quietWork, recipeNamed, type SettingValues } from '../index.ts';

const recipe = recipeNamed('points');
const files = (text: string): DataFiles => ({
  benchmark: () => Promise.reject(new Error('it reads none')),
  named: async () => new TextEncoder().encode(text),
});
const open = (text: string, settings: SettingValues = {}, data = 'mine.csv') =>
  recipe.open({ settings: recipe.settings.parse(settings) as SettingValues, seed: 0, data, files: files(text) });

/** Three coordinates; two classes far apart; units of very different size. */
const rows = Array.from({ length: 200 }, (_, i) => {
  const [kind, angle] = [i % 2, 2.399 * i];
  return `${kind === 0 ? 'b' : 'a'},${1000 * kind + 50 * Math.sin(angle)},${0.01 * Math.cos(3 * angle)},${Math.sin(7 * angle)}`;
});
const csv = `kind,far,near,x\n${rows.join('\n')}\n`;
const small = {
  label: 'kind',
  steps: 600,
  width: 32,
  depth: 2,
  average: 0.9,
  innerSteps: 50,
  odeSteps: 10,
  validations: 1,
};

// biome-ignore lint/suspicious/noExplicitAny: a record without its times.
const history: any = [{ step: 1, loss: 1, validation: 1 }];

describe('a table with classes', () => {
  let experiment: Experiment;
  // biome-ignore lint/suspicious/noExplicitAny: only the recipe knows its parameters.
  let params: any;
  beforeAll(async () => {
    experiment = await open(csv, small);
    const { averaged } = await train({ ...experiment.training, storage: memoryStorage(), seed: 0 });
    params = averaged;
  });

  test('trains a density, and tells how much the class says', async () => {
    const { figures, table } = await experiment.evaluate(params, quietWork);
    for (const value of Object.values(figures)) expect(Number.isFinite(value)).toBe(true);
    // The classes are known from `far`: to be told the class saves ln 2.
    expect(figures.testNll - figures.testNllGivenClass).toBeCloseTo(Math.log(2), 0);
    expect(table.map(({ label }) => label)).toEqual(['model', 'kernel density', 'model, given the class']);
  });

  test('samples lie in the units of the file, around the class that they name', async () => {
    const samples = await experiment.sample(params, { ...quietWork, count: 100, seed: 1 });
    const { far, class: kind } = experiment.table(samples);
    expect(Object.keys(experiment.table(samples))).toEqual(['far', 'near', 'x', 'class']);
    const right = Array.from(far).filter((value, i) => (value > 500 ? 'a' : 'b') === experiment.data.classes![kind[i]]);
    expect(right.length).toBeGreaterThan(90);
  });

  test('the model opens again from the data that a run keeps', async () => {
    const again = recipe.model(recipe.settings.parse(small) as SettingValues, 0, experiment.data.stored);
    const draw = { ...quietWork, count: 5, seed: 2 };
    expect(await again.sample(params, draw)).toEqual(await experiment.sample(params, draw));
  });

  test('draws pairs of coordinates', async () => {
    const evaluation = await experiment.evaluate(params, quietWork);
    const samples = await experiment.sample(params, { ...quietWork, count: 50, seed: 1 });
    const pictures = await experiment.pictures({ params, evaluation, samples, history }, quietWork);
    expect(pictures.points).toContain('far, near');
    expect(pictures.points).toContain('near, x');
  });
});

describe('names what is wrong', () => {
  test('numbers whose squares overflow', async () => {
    const large = `a,b\n${Array.from({ length: 40 }, (_, i) => `${i}e200,${i}`).join('\n')}`;
    await expect(open(large)).rejects.toThrow('column a has numbers whose squares are too large to add');
  });

  test('a column with one value', async () => {
    const constant = `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},7`).join('\n')}`;
    await expect(open(constant)).rejects.toThrow('column b has one value only, 7');
  });

  test('too few points', async () => {
    await expect(open('1,2\n3,4\n')).rejects.toThrow('expected at least 30 points, given 2');
  });

  test('a label that the file lacks', async () => {
    await expect(open(csv, { label: 'kin' })).rejects.toThrow('Did you mean "kind"?');
  });

  test('a name where a number of a column belongs', async () => {
    await expect(open('', { label: 'kind' }, 'mine.npy')).rejects.toThrow("given 'kind'");
  });

  test('a model without its data', () => {
    expect(() => recipe.model(recipe.settings.parse({}) as SettingValues, 0)).toThrow('expected the data of the run');
  });
});

test('one column is drawn as histograms, and classes may be missing', async () => {
  const line = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)}`).join('\n');
  const experiment = await open(line, { ...small, label: '' });
  const samples = await experiment.sample(experiment.initial, { ...quietWork, count: 20, seed: 0 });
  expect(samples).toHaveLength(20);
  const evaluation = await experiment.evaluate(experiment.initial, quietWork);
  expect(evaluation.figures.testNllGivenClass).toBeUndefined();
  const { points } = await experiment.pictures({ params: experiment.initial, evaluation, samples, history }, quietWork);
  expect(points).toContain('density');
});
