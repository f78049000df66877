import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erf, erfc, erfInv } from './errorFunction.ts';
import { digamma, logGamma, polygamma } from './gamma.ts';
import { hurwitzZeta } from './zeta.ts';

/** Arguments with values computed in 30 digits (mpmath 1.3, `mp.dps = 30`). */
const KNOWN: readonly (readonly [string, (x: number) => number, readonly (readonly [number, number])[]])[] = [
  [
    'logGamma',
    logGamma,
    [
      [1e-10, 23.025850929882736],
      [0.25, 1.2880225246980774],
      [0.9, 0.06637623973474295],
      [1.0625, -0.03295710029357782],
      [1.75, -0.08440112102048555],
      [2.03125, 0.013524883664985622],
      [3.7, 1.428072326665388],
      [8.9, 10.391128627481786],
      [9.1, 10.819252325110433],
      [120.5, 455.41760044623453],
      [1e6, 12815504.569147611],
      [-0.5, 1.2655121234846454],
      [-3.25, -0.6231534513209986],
    ],
  ],
  [
    'digamma',
    digamma,
    [
      [0.001, -1000.5755719318103],
      [0.25, -4.2274535333762655],
      [1, -0.5772156649015329],
      [1.46, -0.0015805619870834522],
      [1.4616321449683622, -9.241265521729427e-17],
      [1.75, 0.24747245354686118],
      [5.5, 1.6110931485817512],
      [40, 3.676327374034843],
      [-0.5, 0.03648997397857652],
      [-3.25, 4.46627587235028],
    ],
  ],
  [
    'trigamma',
    (x) => polygamma(1, x),
    [
      [0.001, 1000001.6425331958],
      [0.25, 17.19732915450711],
      [1, 1.6449340668482264],
      [5.5, 0.19934238698962767],
      [40, 0.02531510384129103],
      [-0.5, 8.934802200544679],
      [-3.25, 19.474085068082154],
    ],
  ],
  [
    'polygamma of order 4',
    (x) => polygamma(4, x),
    [
      [0.25, -24584.375388637935],
      [1, -24.88626612344088],
      [5.5, -0.009294606041416372],
      [40, -2.463377839277213e-6],
    ],
  ],
  [
    'erf',
    erf,
    [
      [1e-20, 1.1283791670955125e-20],
      [0.1, 0.1124629160182849],
      [0.46875, 0.49261347321793797],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2.5, 0.999593047982555],
      [-1.5, -0.9661051464753108],
      [5, 0.9999999999984626],
    ],
  ],
  [
    'erfc',
    erfc,
    [
      [-2, 1.9953222650189528],
      [0.25, 0.7236736098317631],
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [4, 1.541725790028002e-8],
      [4.5, 1.9661604415428876e-10],
      [10, 2.088487583762545e-45],
      [26, 5.663192408856143e-296],
    ],
  ],
  [
    'erfInv',
    erfInv,
    [
      [1e-10, 8.862269254527581e-11],
      [0.1, 0.08885599049425769],
      [0.5, 0.4769362762044699],
      [-0.75, -0.8134198475976185],
      [0.99, 1.8213863677184494],
      [0.999999, 3.458910737275499],
      [1 - 2 ** -40, 5.05125408524939],
      [1 - 2 ** -53, 5.8635847487551676],
    ],
  ],
];

describe('special functions', () => {
  test.each(KNOWN)('%s agrees with known values to 1e-14', (_name, f, rows) => {
    for (const [x, value] of rows) expect(Math.abs(f(x) / value - 1), `at ${x}: ${f(x)}`).toBeLessThan(1e-14);
  });

  test('the gamma functions satisfy their recurrences', () => {
    const beside = fc.tuple(fc.integer({ min: -20, max: 59 }), fc.integer({ min: 1, max: 999 }));
    fc.assert(
      fc.property(beside, ([whole, thousandths]) => {
        const x = whole + thousandths / 1000;
        // log |Gamma(x + 1)| = log |Gamma(x)| + log |x|, and its derivatives.
        const close = (a: number, b: number, scale: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(1, scale);
        return (
          close(logGamma(x + 1), logGamma(x) + Math.log(Math.abs(x)), Math.abs(logGamma(x))) &&
          close(digamma(x + 1), digamma(x) + 1 / x, Math.abs(digamma(x)) + Math.abs(1 / x)) &&
          close(polygamma(2, x + 1), polygamma(2, x) + 2 / x ** 3, Math.abs(polygamma(2, x)) + Math.abs(x ** -3))
        );
      }),
    );
  });

  test('erfInv undoes erf', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
        (x) => Math.abs(erf(erfInv(x)) - x) <= 4e-16,
      ),
    );
  });

  test('zeta at even integers', () => {
    expect(hurwitzZeta(2, 1)).toBeCloseTo(Math.PI ** 2 / 6, 15);
    expect(hurwitzZeta(4, 1)).toBeCloseTo(Math.PI ** 4 / 90, 15);
    expect(hurwitzZeta(40, 1)).toBeCloseTo(1, 11);
  });

  test('limits and poles', () => {
    expect([logGamma(0), logGamma(-2), logGamma(Infinity), logGamma(1), logGamma(2)]).toEqual([
      Infinity,
      Infinity,
      Infinity,
      0,
      0,
    ]);
    expect([digamma(-1), digamma(Infinity), polygamma(1, 0), polygamma(1, Infinity)]).toEqual([
      NaN,
      Infinity,
      Infinity,
      0,
    ]);
    expect([erf(Infinity), erf(-Infinity), erf(NaN), erfc(Infinity), erfc(-Infinity), erfc(NaN)]).toEqual([
      1,
      -1,
      NaN,
      0,
      2,
      NaN,
    ]);
    expect([erfInv(1), erfInv(-1), erfInv(1.5), erfInv(0)]).toEqual([Infinity, -Infinity, NaN, 0]);
  });
});
