import { describe, it } from 'vitest';
import '../../rewrites/index.ts';
import type { Aval } from '../../program/aval.ts';
import type { Value } from '../../program/value.ts';
import { type Build, checkProgram, f32, i32, programOf } from './testing/against-reference.ts';

const LENGTH = 3000;
const matrix = { contract: [[1], [0]], batch: [[], []] } as const;

const repeated = (start: Value, step: (x: Value, i: number) => Value, times = LENGTH): Value => {
  let value = start;
  for (let i = 0; i < times; i++) value = step(value, i);
  return value;
};

/** Programs whose every operation depends on the one before, or that spread and meet again. */
const programs: Record<string, { inputs: readonly Aval[]; build: Build }> = {
  'one sum after the other': { inputs: [f32(5)], build: (l, x) => [repeated(l.mul(x, 0), (y) => l.add(y, x))] },
  'one sine of the other': { inputs: [f32(5)], build: (l, x) => [repeated(x, (y) => l.sin(y))] },
  'values used twice each': {
    inputs: [f32(5)],
    build: (l, x) => [repeated(x, (y) => l.mul(l.sin(y), l.sub(1.2, l.mul(y, y))))],
  },
  'products and activations': {
    inputs: [f32(6, 4), f32(4, 4)],
    build: (l, x, w) => [repeated(x, (y) => l.tanh(l.dotGeneral(y, w, matrix)), LENGTH / 2)],
  },
  'means taken away': {
    inputs: [f32(6, 4)],
    build: (l, x) => [
      repeated(x, (y) => l.sub(y, l.broadcastInDim(l.mul(l.reduceSum(y, [1]), 0.25), [6, 4], [0])), LENGTH / 4),
    ],
  },
  'views that cut across each other': {
    inputs: [f32(6, 4)],
    build: (l, x) => [
      l.add(
        repeated(x, (y) => l.reshape(l.transpose(y, [1, 0]), [6, 4]), LENGTH / 2),
        1,
      ),
    ],
  },
  'views and arithmetic in turn': {
    inputs: [f32(4, 4)],
    build: (l, x) => [repeated(x, (y) => l.sin(l.transpose(y, [1, 0])), LENGTH / 2)],
  },
  'rows chosen again and again': {
    inputs: [f32(5, 3), i32(5)],
    build: (l, x, i) => [repeated(x, (y) => l.gather(y, i, 0), LENGTH / 4)],
  },
  'windows written one after the other': {
    inputs: [f32(50, 3)],
    build: (l, x) => {
      const zero = l.reshape(l.iota([1], 0, 'i32'), []);
      const at = (i: number): Value => l.add(zero, i % 50);
      return [
        repeated(
          x,
          (y, i) => l.dynamicUpdateSlice(y, l.mul(l.dynamicSlice(y, [at(i + 7), zero], [1, 3]), 0.9), [at(i), zero]),
          LENGTH / 8,
        ),
      ];
    },
  },
  'many of one, and one of many': {
    inputs: [f32(5)],
    build: (l, x) => {
      let level = Array.from({ length: LENGTH / 3 }, (_, i) => l.sin(l.mul(x, 1 / (i + 2))));
      while (level.length > 1) {
        const pairs = level;
        level = pairs.flatMap((value, i) =>
          i % 2 === 1 ? [l.add(pairs[i - 1], value)] : i + 1 < pairs.length ? [] : [value],
        );
      }
      return level;
    },
  },
  'slices joined in another order': {
    inputs: [f32(LENGTH / 4, 2)],
    build: (l, x) => [
      l.concat(
        Array.from({ length: LENGTH / 4 }, (_, i) =>
          l.mul(l.slice(x, [LENGTH / 4 - 1 - i, 0], [LENGTH / 4 - i, 2]), i + 2),
        ),
        0,
      ),
    ],
  },
};

describe('programs of thousands of operations compile and run', () => {
  it.each(Object.entries(programs))('%s', { timeout: 30_000 }, (_name, { inputs, build }) => {
    checkProgram(programOf(inputs, build), 1e-4);
  });
});
