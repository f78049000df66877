import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

/** Calls that the types forbid and that JavaScript callers make all the same. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the point.
const loose = ff as any;
const x = () => ff.tensor([1, 2, 3]);
const key = () => ff.random.key(0);

const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['an axis by position', () => loose.sum(x(), 0), /^sum: expected options { axis, keepDims }, got 0\. .*axis: …/],
  ['an axis by position, as a method', () => loose.tensor([1]).mean([0]), /^mean: expected options .* got \[0\]/],
  [
    'a misspelt option',
    () => loose.max(x(), { keepdims: true }),
    /^max: .* got one named keepdims\. Did you mean keepDims\?/,
  ],
  ['null for options', () => loose.sort(x(), null), /^sort: expected options { axis, descending }, got null/],
  ['a misspelt option of scatter', () => loose.scatterAdd(x(), [0], 1, { batch: 1 }), /got one named batch/],
  ['a misspelt option of creation', () => loose.zeros([2], { dType: 'f64' }), /got one named dType/],
  ['a misspelt option of random', () => loose.random.uniform(key(), [2], { min: 0 }), /got one named min/],
  ['a misspelt option of a transform', () => loose.grad(() => 0, { argnum: 1 }), /^grad: .* got one named argnum/],
  ['an unknown choice', () => loose.gelu(x(), { approximate: 'exact' }), /one of none, tanh, got 'exact'/],
  [
    'an axis that is text',
    () => loose.sum(x(), { axis: '0' }),
    /^sum: expected an axis as an integer, or several in an array, got '0'/,
  ],
  ['a shape that is no list', () => loose.zeros(3), /^zeros: expected the shape as an array, got 3/],
  ['a shape of random that is no list', () => loose.random.normal(key(), 3), /the shape as an array, got 3/],
  [
    'a slope that is text',
    () => loose.leakyRelu(x(), 'steep'),
    /^leakyRelu: expected a tensor or a number, got 'steep'/,
  ],
  ['no function to differentiate', () => loose.grad(x()), /^grad: expected a function, got a tensor of f32/],
  ['no function to compile', () => loose.jit(undefined), /^jit: expected a function, got undefined/],
  ['no function for a loop', () => loose.scan(3, 0, null, { length: 1 }), /^scan: expected a function, got 3/],
  ['a round without a pair', () => loose.scan((c: Tensor) => c, 0, null, { length: 2 }), /return a pair \[carry, y\]/],
  ['tensors without brackets', () => loose.concat(x(), 0), /expected the tensors as an array, got a tensor of f32/],
  ['a count that is not whole', () => ff.linspace(0, 1, 2.5), /count must be a whole number of at least 0, got 2\.5/],
  ['a count that is text', () => loose.repeat(x(), '2'), /count must be a whole number of at least 0, got '2'/],
  ['a gamma shape below 0', () => ff.random.gamma(key(), -1), /alpha must be positive and finite, got -1/],
  ['an equation that is no text', () => loose.einsum(x(), x()), /^einsum: expected an equation .* got a tensor of f32/],
  [
    'a dtype by its NumPy name',
    () => loose.jit((y: Tensor) => loose.astype(y, 'float32'))(x()),
    /^astype: .* got float32/,
  ],
  [
    'bounds that are no integers',
    () => loose.foriLoop(0.5, 3, (_i: Tensor, c: Tensor) => c, 1),
    /bounds must be integers, got 0\.5/,
  ],
  ['more numbers than the host holds', () => ff.arange(0, 1e15), /^Out of memory: 4000000000000000 bytes/],
  ['a file that is no bytes', () => loose.readSafetensors('model'), /as a Uint8Array, got 'model'/],
  ['columns of a matrix without a count', () => loose.eye(null), /^eye: shape \[null\] is not valid/],
];

describe('a mistake in the arguments', () => {
  it.each(mistakes)('is named: %s', (_name, run, message) => {
    expect(run).toThrow(ff.FlowfieldError);
    expect(run).toThrow(message);
  });

  it('ends as NaN, not in an endless loop, where it hides in the elements of a tensor', () => {
    const drawn = ff.random.gamma(key(), ff.tensor([2, -1, 0, Number.NaN, Number.POSITIVE_INFINITY])).dataSync();
    expect(drawn[0]).toBeGreaterThan(0);
    expect(Array.from(drawn.subarray(1, 4))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});
