import { adam } from '@flowfield/nn';
import { ArgumentError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { engineErrors } from '@flowfield/testing';
import { expect, test } from 'vitest';
import * as trainPackage from './index.ts';
import {
  createTrainer,
  encodeTree,
  generated,
  hostBatches,
  metricsLog,
  randomRows,
  readMetrics,
  shuffledRows,
  train,
} from './index.ts';

/** Calls that the types forbid and that JavaScript callers make all the same. */
const loose = {
  ...{ createTrainer, encodeTree, generated, hostBatches, metricsLog, randomRows, readMetrics, shuffledRows, train },
  // biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
} as any;

const parts = {
  params: { w: tensor([1, 2]) },
  loss: ({ w }: { w: Tensor }) => w.square().mean(),
  optimizer: adam({ learningRate: 0.1 }),
  batches: generated(() => null),
  steps: 1,
};

test.each([
  ['nothing', undefined, /expected options { loss, optimizer, .*, got undefined/],
  ['a misspelt option', { ...parts, logevery: 5 }, /got one named logevery\. Did you mean logEvery\?/],
  ['no optimizer', { ...parts, optimizer: undefined }, /optimizer must have init and update/],
  ['no parameters', { ...parts, params: undefined }, /params must be a tree of tensors/],
  ['parameters that are no tensors', { ...parts, params: { w: 'heavy' } }, /params must be a tree of tensors/],
  ['an average that is a number', { ...parts, ema: 0.9 }, /ema must be an average such as ema\(/],
  ['a validation that is no function', { ...parts, validate: 3 }, /validate must be a function/],
  ['no steps', { ...parts, steps: undefined }, /steps must be a whole number of at least 0, got undefined/],
])('training refuses %s by name', async (_what, options, message) => {
  expect(() => loose.createTrainer(options)).toThrow(ArgumentError);
  expect(() => loose.createTrainer(options)).toThrow(message);
  await expect(loose.train(options)).rejects.toThrow(ArgumentError);
  await expect(loose.train(options)).rejects.toThrow(message);
});

test.each([
  ['a vector as loss', { loss: ({ w }: { w: Tensor }) => w }, /the loss must be one floating scalar, got f32\[2\]/],
  ['an integer loss', { loss: ({ w }: { w: Tensor }) => w.sum().astype('i32') }, /one floating scalar, got i32\[\]/],
  [
    'a metric that the log has',
    { loss: ({ w }: { w: Tensor }) => [w.sum(), { step: w.sum() }] },
    /a metric may not be named 'step'/,
  ],
  [
    'an optimizer that returns no pair',
    { optimizer: { init: () => null, update: () => undefined } },
    /update of the optimizer must return \[updates, state\], got undefined/,
  ],
  ['a signal that is none', { signal: 3 }, /signal must be an AbortSignal/],
  ['an onEvent that is no function', { onEvent: 'log' }, /train: onEvent: expected a function, got 'log'/],
  ['a storage that is a path', { storage: './run' }, /storage must have read and write/],
  ['a seed that is no number', { seed: 'a' }, /seed must be a whole number, got a/],
])('training refuses %s by name', async (_what, changes, message) => {
  await expect(loose.train({ ...parts, ...changes })).rejects.toThrow(message);
});

test('the options of train are not those of a trainer', async () => {
  await expect(train({ ...parts, resume: false, onEvent: () => {} })).resolves.toHaveProperty('step', 1);
  expect(() => loose.createTrainer({ ...parts, resume: false })).toThrow(/got one named resume/);
});

test.each([
  ['no options', () => loose.randomRows(tensor([1, 2])), /^randomRows: expected options { batchSize }, got undefined/],
  [
    'no batch size',
    () => loose.randomRows(tensor([1, 2]), {}),
    /^randomRows: batchSize must be a whole number .* undefined/,
  ],
  ['a misspelt option', () => loose.shuffledRows(tensor([1]), { batchSize: 1, sed: 2 }), /Did you mean seed\?/],
  ['no options', () => loose.shuffledRows(tensor([1, 2])), /^shuffledRows: expected options .*, got undefined/],
  [
    'rows that are no tensor',
    () => loose.randomRows(3, { batchSize: 1 }),
    /^randomRows: expected data as a tensor, got 3/,
  ],
  ['a draw that is no function', () => loose.generated(tensor([1])), /^generated: expected a function/],
  ['a maker that is no function', () => loose.hostBatches(undefined), /^hostBatches: expected a function/],
])('streams refuse %s by name', (_what, run, message) => {
  expect(run).toThrow(ArgumentError);
  expect(run).toThrow(message);
});

test('logs and files of what is no storage and no metadata', async () => {
  for (const storage of [undefined, null, './run', {}, { read: 3 }]) {
    await expect(loose.readMetrics(storage)).rejects.toThrow(
      /readMetrics: expected a storage, which has read and write/,
    );
    expect(() => loose.metricsLog(storage)).toThrow(/metricsLog: expected a storage/);
  }
  await expect(loose.encodeTree({ w: tensor([1]) }, null)).rejects.toThrow(
    /expected metadata as an object of strings, got null/,
  );
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(trainPackage)).toEqual([]);
});
