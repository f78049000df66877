import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { digamma, logGamma, polygamma } from '../../../primitives/special/gamma.ts';
import { type BoundedName, ulpBounds } from './bounds.ts';
import { exactFunctions, ulpsBetween } from './exact-values.ts';
import { mathLoop } from './math-loop.ts';

const exact: Readonly<Record<BoundedName, (x: number, y: number) => number>> = {
  ...exactFunctions,
  lgamma: logGamma,
  digamma,
  polygamma: (x) => polygamma(2, x),
};

const SAMPLES = 1 << 17;
const SPECIALS = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -3,
  10,
  Infinity,
  -Infinity,
  NaN,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  (1 - 2 ** -23) * 2 ** -126,
  (2 - 2 ** -23) * 2 ** 127,
  -(2 - 2 ** -23) * 2 ** 127,
  1 - 2 ** -24,
  2 ** -24 - 1,
  1 + 2 ** -23,
  2 ** 23 + 1,
  2 ** 24,
  2 ** 25,
  -(2 ** 31),
  88.72283,
  88.722839,
  -87.33654,
  -103.97207,
  -103.97208,
  200,
  200.00002,
  33554432,
  33554436,
  8.5e37,
  16367173 * 2 ** 72,
].map(Math.fround);

/** A sequence of 32-bit words (Weyl steps through a mixing function). */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** All exponents and both signs by random bits, then the ranges where functions bend, then pairs of special values. */
function fill(x: Float32Array, y: Float32Array | undefined): void {
  const word = words(1);
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const bitsOfY = y && new Uint32Array(y.buffer, y.byteOffset, y.length);
  const ranges = [1, 2, 6, 20, 110, 1000];
  for (let i = 0; i < x.length; i++) {
    const range = ranges[word() % ranges.length] ?? 1;
    const dense = () => range * (word() / 2 ** 31 - 1);
    if (i % 2 === 0) bits[i] = word();
    else x[i] = dense();
    if (!y || !bitsOfY) continue;
    if (i % 3 === 0) bitsOfY[i] = word();
    else y[i] = dense();
    // Powers of negative numbers are NaN nearly everywhere: most bases shall be positive.
    if (i % 8 !== 0) x[i] = Math.abs(x[i] ?? 0);
  }
  SPECIALS.forEach((a, i) => {
    if (!y) x[i] = a;
    else
      SPECIALS.forEach((b, j) => {
        x[i * SPECIALS.length + j] = a;
        y[i * SPECIALS.length + j] = b;
      });
  });
}

for (const relaxed of [true, false])
  for (const [name, bound] of Object.entries(ulpBounds) as [BoundedName, number][])
    test(`${name} with ${relaxed ? 'fused' : 'separate'} multiply-add errs by at most ${bound} ULP`, () => {
      const { inputs, outputs, run } = mathLoop(name, SAMPLES, relaxed, name === 'polygamma' ? { order: 2 } : {});
      const [x, y] = inputs as [Float32Array, Float32Array | undefined];
      fill(x, y);
      run();
      let worst = { ulps: 0, x: NaN, y: NaN, got: NaN, exact: NaN };
      for (let i = 0; i < SAMPLES; i++) {
        const arguments_ = [x[i] ?? NaN, y?.[i] ?? 0] as const;
        const wanted = exact[name](...arguments_);
        const got = outputs[0]?.[i] ?? NaN;
        const ulps = ulpsBetween(got, wanted);
        if (ulps > worst.ulps) worst = { ulps, x: arguments_[0], y: arguments_[1], got, exact: wanted };
      }
      expect(worst.ulps, inspect(worst)).toBeLessThanOrEqual(bound);
    });
