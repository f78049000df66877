import { describe, expect, test } from 'vitest';
import type { MathName } from './functions.ts';
import { mathLoop } from './math-loop.ts';

const LEAST_NORMAL = 2 ** -126;
const LENGTH = 1 << 16;

function results(name: MathName, x: Float32Array, relaxed: boolean): Float32Array[] {
  const { inputs, outputs, run } = mathLoop(name, x.length, relaxed);
  inputs[0].set(x);
  run();
  return outputs.map((output) => output.slice());
}

const flushed = (value: number): number => (Math.abs(value) < LEAST_NORMAL ? 0 : value);

const pairs: readonly (readonly [MathName, MathName])[] = [
  ['exp', 'normalExp'],
  ['sigmoid', 'normalSigmoid'],
  ['softplus', 'normalSoftplus'],
  ['softplusSigmoid', 'normalSoftplusSigmoid'],
];

describe.each([true, false])('with fused multiply-add: %s', (relaxed) => {
  test.each(pairs)('%s and %s differ below the normal numbers alone', (exact, normal) => {
    const wide = Float32Array.from({ length: LENGTH }, (_, i) => (i / LENGTH - 0.5) * 240);
    const near = Float32Array.from({ length: LENGTH }, (_, i) => -87.33654 + (i - LENGTH / 2) * 2 ** -16);
    const special = Float32Array.of(
      Number.NaN,
      Infinity,
      -Infinity,
      0,
      -0,
      88.72283,
      200,
      -1e30,
      -87.33654,
      -87.33655,
      -103.97,
      1e-40,
    );
    for (const x of [wide, near, special]) {
      const [expected, actual] = [exact, normal].map((name) => results(name, x, relaxed));
      expected.forEach((values, part) => expect(actual[part]).toEqual(values.map(flushed)));
    }
  });
});
