import { expect, test } from 'vitest';
import { logGammaQuantileSlope } from '../../../../primitives/special/gammaQuantile.ts';
import { doubleLoop } from './double-loop.ts';

test('the slope of gamma quantiles is that of the plain evaluation, for shapes from tiny to nearly normal', () => {
  const samples = 600;
  const { inputs, output, run } = doubleLoop('gammaQuantileSlope', samples, true);
  const [alpha, logX] = inputs;
  for (let i = 0; i < samples; i++) {
    // Shapes from 1e-3 to 1e6, and x from far below to far above them.
    alpha[i] = 10 ** (-3 + (9 * i) / samples);
    const spread = [-3, -1, 0, 0.5, 1, 4][i % 6];
    logX[i] = Math.log(Math.max(alpha[i] + spread * Math.sqrt(alpha[i]), alpha[i] * 10 ** -(i % 40)));
  }
  run();
  for (let i = 0; i < samples; i++) {
    const wanted = logGammaQuantileSlope(alpha[i], logX[i]);
    // Both sum until rounding; differences cancel near the median.
    expect(Math.abs(output[i] - wanted), `at ${alpha[i]}, ${logX[i]}`).toBeLessThanOrEqual(
      1e-10 * Math.max(Math.abs(wanted), 1 / alpha[i]),
    );
  }
});

test('a shape that is not positive has none', () => {
  const { inputs, output, run } = doubleLoop('gammaQuantileSlope', 4, true);
  inputs[0].set([0, -1, NaN, 2]);
  inputs[1].set([0, 0, 0, NaN]);
  run();
  expect([...output]).toEqual([NaN, NaN, NaN, NaN]);
});
