import { expect, test } from 'vitest';
import { logGammaQuantileSlope } from './gammaQuantile.ts';

/** Shape, x, and -(∂F/∂alpha) / (x f(x)) there, by mpmath 1.3 with 40 digits. */
const KNOWN: readonly [number, number, number][] = [
  [0.01, 1e-5, 1095.2158246714484],
  [0.01, 1e-60, 13759.422012177407],
  [0.1, 0.3, 13.354934640751777],
  [0.1, 5, 2.108301059892518],
  [0.5, 0.2, 3.9702528316542165],
  [1, 1e-3, 7.334456244883786],
  [1, 3, 0.6459705646083204],
  [1, 30, 0.13369009284408895],
  [2.5, 3.4, 0.3651891413301188],
  [2.5, 3.6, 0.35433014290477244],
  [10, 25, 0.062089759636024096],
  [100, 100, 0.010016683237741726],
  [1000, 1100, 0.0009532606168741972],
  [99999, 100300, 9.985096475196443e-6],
  [200000, 200500, 4.993764558642614e-6],
];

test.each(KNOWN)('the slope of log x in the shape %d at x = %d', (alpha, x, expected) => {
  const accuracy = alpha > 1e5 ? 1e-9 : 1e-12;
  expect(Math.abs(logGammaQuantileSlope(alpha, Math.log(x)) / expected - 1)).toBeLessThan(accuracy);
});

test('there is none for a shape that is not positive', () => {
  for (const alpha of [0, -1, NaN]) expect(logGammaQuantileSlope(alpha, 0)).toBeNaN();
});
