import { ArgumentError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as samplers from './index.ts';

/** Calls that the types forbid and that JavaScript callers make all the same. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
const loose = samplers as any;
const x = tensor([[1, 2]]);
const v = (at: Tensor): Tensor => at.neg();

describe.each(['sampleOde', 'logLikelihood', 'sampleWithLogLikelihood'])('%s names', (name) => {
  const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['a misspelt option', () => loose[name](v, x, { rtoll: 1 }), /got one named rtoll\. Did you mean rtol\?/],
    ['options of another kind', () => loose[name](v, x, null), /expected options { t0, .*, got null/],
    ['a field that is no function', () => loose[name](x, x), /expected a function, got a tensor of/],
    ['no field', () => loose[name](undefined, x), /expected a function, got undefined/],
    [
      'a manifold without its functions',
      () => loose[name](v, x, { manifold: {} }),
      /without projectPoint and projectT/,
    ],
    ['null for a manifold', () => loose[name](v, x, { manifold: null }), /expected a manifold with the functions/],
    ['points that are no tensor', () => loose[name](v, [[1, 2]]), /expected points as a tensor, got \[\[1, 2\]\]/],
  ];
  test.each(mistakes)('%s', (_what, run, message) => {
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(new RegExp(`^${name}: `));
    expect(run).toThrow(message);
  });
});

test('a divergence of no known method is named', () => {
  expect(() => loose.logLikelihood(v, x, { divergence: 'exakt' })).toThrow(/'exact' or .*, got 'exakt'/);
});

test.each([
  ['no options', () => loose.mapBatches(v, x), /^mapBatches: expected options { batchSize, .*, got undefined/],
  ['a misspelt option', () => loose.mapBatches(v, x, { batchsize: 2 }), /Did you mean batchSize\?/],
  [
    'no size of batches',
    () => loose.mapBatches(v, x, {}),
    /batchSize must be a whole number of at least 1, got undefined/,
  ],
  ['no function', () => loose.mapBatches(x, x, { batchSize: 2 }), /^mapBatches: expected a function/],
])('mapBatches names %s', async (_what, run, message) => {
  await expect(run).rejects.toThrow(ArgumentError);
  await expect(run).rejects.toThrow(message);
});
