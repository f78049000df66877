import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { doubleUlpBounds, ofOne } from '../bounds.ts';
import * as exact from '../testing/fixed-point.ts';
import { fixed, product, ratio, UNIT, ulpsFrom } from '../testing/fixed-point.ts';
import { doubleLoop } from './double-loop.ts';

type Name = keyof typeof doubleUlpBounds;

/** Ranges of samples; `bits`: any finite double. */
type Range = readonly [number, number] | 'bits';

interface Case {
  /** The exact result; `null` where it is no real number. The value that was got helps to find an inverse. */
  readonly wanted: (x: number, y: number, got: number) => bigint | null;
  readonly ranges: readonly Range[];
  /** Of the second operand. */
  readonly others?: readonly Range[];
  readonly samples?: number;
}

const of =
  (f: (x: bigint) => bigint | null) =>
  (x: number): bigint | null =>
    f(fixed(x));

/** A function of π x below 0, by reflection. */
function reflected(x: bigint): { sin: bigint; cos: bigint } {
  return exact.sinCos(product(exact.PI, x));
}
const magnitude = (x: bigint): bigint => (x < 0n ? -x : x);
const isWhole = (x: bigint): boolean => x % UNIT === 0n;
/** e^±x through one that is not below 2^-1400. */
const inverse = (x: bigint): bigint => ratio(UNIT, x);
const log1p = (x: bigint): bigint => exact.log(UNIT + x);
/** Samples of functions that are made of the logarithm of large numbers stay where fixed points are. */
const MODERATE = [
  [-30, 30],
  [-1, 1],
  [-1e-3, 1e-3],
] as const;

const cases: Record<Exclude<Name, 'sign'>, Case> = {
  exp: {
    wanted: of(exact.exp),
    ranges: [
      [-745, 710],
      [-20, 20],
      [-1, 1],
    ],
  },
  expm1: { wanted: of((x) => exact.exp(x) - UNIT), ranges: [[-60, 710], ...MODERATE] },
  log: {
    wanted: (x) => exact.log(fixed(x)),
    ranges: [
      [1e-9, 3],
      [0.6, 1.5],
      [0.99, 1.01],
      [0, 1e300],
      [0, 1e-300],
    ],
  },
  log1p: {
    wanted: of(log1p),
    ranges: [
      [-0.999999, 3],
      [-0.3, 0.5],
      [-1e-3, 1e-3],
      [0, 1e300],
    ],
  },
  sigmoid: { wanted: of((x) => inverse(UNIT + exact.exp(-x))), ranges: [[-700, 40], ...MODERATE] },
  softplus: { wanted: of((x) => log1p(exact.exp(x))), ranges: [[-700, 700], ...MODERATE] },
  sinh: { wanted: of((x) => (exact.exp(x) - exact.exp(-x)) / 2n), ranges: [[-710.4, 710.4], ...MODERATE] },
  cosh: { wanted: of((x) => (exact.exp(x) + exact.exp(-x)) / 2n), ranges: [[-710.4, 710.4], ...MODERATE] },
  tanh: {
    wanted: of((x) => ratio(exact.exp(2n * x) - UNIT, exact.exp(2n * x) + UNIT)),
    ranges: MODERATE,
  },
  asinh: {
    wanted: of((x) => {
      const size = magnitude(x);
      const value = exact.log(size + exact.sqrt(product(x, x) + UNIT));
      return x < 0n ? -value : value;
    }),
    ranges: [...MODERATE, [-1e300, 1e300]],
  },
  acosh: {
    wanted: of((x) => exact.log(x + exact.sqrt(product(x, x) - UNIT))),
    ranges: [
      [1, 30],
      [1, 1.1],
      [1, 1e300],
    ],
  },
  atanh: {
    wanted: of((x) => exact.log(ratio(UNIT + x, UNIT - x)) / 2n),
    ranges: [
      [-1, 1],
      [-0.1, 0.1],
      [0.999, 1],
    ],
  },
  sin: { wanted: of((x) => exact.sinCos(x).sin), ranges: [[-4, 4], [-3200, 3200], [-1e6, 1e6], 'bits'] },
  cos: { wanted: of((x) => exact.sinCos(x).cos), ranges: [[-4, 4], [-3200, 3200], [-1e6, 1e6], 'bits'] },
  tan: {
    wanted: of((x) => {
      const { sin, cos } = exact.sinCos(x);
      return ratio(sin, cos);
    }),
    ranges: [[-4, 4], [-3200, 3200], [-1e6, 1e6], 'bits'],
  },
  atan: { wanted: of(exact.atan), ranges: [...MODERATE, 'bits'] },
  asin: {
    wanted: of((x) => arcsine(x)),
    ranges: [
      [-1, 1],
      [-0.1, 0.1],
      [0.99, 1],
    ],
  },
  acos: {
    wanted: of((x) => exact.PI / 2n - arcsine(x)),
    ranges: [
      [-1, 1],
      [-0.1, 0.1],
      [0.99, 1],
    ],
  },
  atan2: {
    wanted: (y, x) => {
      const angle = exact.atan(ratio(magnitude(fixed(y)), magnitude(fixed(x))));
      const size = x < 0 ? exact.PI - angle : angle;
      return y < 0 ? -size : size;
    },
    ranges: [
      [-3, 3],
      [-1e-3, 1e-3],
    ],
    others: [
      [-3, 3],
      [-1e3, 1e3],
    ],
  },
  erf: {
    wanted: of(exact.erf),
    ranges: [
      [-6, 6],
      [-0.5, 0.5],
      [-1e-3, 1e-3],
    ],
    samples: 400,
  },
  erfc: {
    wanted: of((x) => UNIT - exact.erf(x)),
    ranges: [
      [-6, 6],
      [0, 26.5],
      [-0.5, 0.5],
    ],
    samples: 300,
  },
  erfInv: {
    wanted: (x, _, got) => {
      // Newton from the result, which doubles its digits.
      const y = fixed(got);
      const slope = product(exact.sqrt(exact.PI) / 2n, exact.exp(product(y, y)));
      return y - product(exact.erf(y) - fixed(x), slope);
    },
    ranges: [
      [-0.99, 0.99],
      [0.84, 1],
      [0.999999, 1],
      [-1e-3, 1e-3],
    ],
    samples: 400,
  },
  pow: {
    wanted: (x, y) => exact.exp(product(exact.log(fixed(x)), fixed(y))),
    ranges: [
      [0, 3],
      [0.9, 1.1],
      [0, 1e9],
    ],
    others: [
      [-3, 3],
      [-30, 30],
      [-1e-3, 1e-3],
    ],
  },
  cbrt: {
    wanted: (x, _, got) => {
      const y = fixed(got);
      return y - ratio(product(product(y, y), y) - fixed(x), 3n * product(y, y));
    },
    ranges: [
      [-3, 3],
      [-1e3, 1e3],
      [-1e100, 1e100],
    ],
  },
  rsqrt: {
    wanted: of((x) => exact.sqrt(inverse(x))),
    ranges: [
      [0, 3],
      [0, 1e100],
    ],
  },
  rem: {
    wanted: (x, y) => fixed(x) % fixed(y),
    ranges: [[-100, 100], 'bits'],
    others: [[-3, 3], 'bits'],
  },
  lgamma: {
    wanted: of((x) => {
      if (x > 0n) return exact.lgamma(x);
      if (isWhole(x)) return null;
      return exact.log(ratio(exact.PI, magnitude(reflected(x).sin))) - exact.lgamma(UNIT - x);
    }),
    ranges: [
      [0, 3],
      [0, 20],
      [0.9, 1.1],
      [0, 1e-3],
      [0, 1e9],
      [-20, 0],
    ],
    samples: 600,
  },
  digamma: {
    wanted: of((x) => {
      if (x > 0n) return exact.digamma(x);
      if (isWhole(x)) return null;
      const { sin, cos } = reflected(x);
      return exact.digamma(UNIT - x) - ratio(product(exact.PI, cos), sin);
    }),
    ranges: [
      [0, 3],
      [0, 20],
      [1.2, 1.7],
      [0, 1e-3],
      [0, 1e9],
      [-20, 0],
    ],
    samples: 600,
  },
  polygamma: {
    wanted: of((x) => {
      if (x > 0n) return exact.polygamma(2, x);
      const { sin, cos } = reflected(x);
      const turn = 2n * product(exact.PI, product(exact.PI, exact.PI));
      const cube = product(sin, product(sin, sin));
      return exact.polygamma(2, UNIT - x) - ratio(product(turn, cos), cube);
    }),
    ranges: [
      [0, 3],
      [0, 30],
      [0, 1e5],
      [-20, 0],
    ],
    samples: 200,
  },
};

/** arcsin x = 2 arctan(x / (1 + √(1 − x²))). */
const arcsine = (x: bigint): bigint => 2n * exact.atan(ratio(x, UNIT + exact.sqrt(UNIT - product(x, x))));

/** Numbers in [0, 1) from a sequence of 32-bit words. */
function units(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

function sample(ranges: readonly Range[], unit: () => number): number {
  const range = ranges[Math.floor(unit() * ranges.length)];
  // 53 bits, of which the low ones matter.
  const fine = unit() + unit() / 2 ** 32;
  if (range !== 'bits') return Math.min(range[0] + (range[1] - range[0]) * fine, range[1]) || 0.5;
  const size = (1 + fine) * 2 ** Math.floor(2040 * unit() - 1020);
  return unit() < 0.5 ? -size : size;
}

for (const relaxed of [true, false])
  for (const [name, { wanted, ranges, others, samples = 1200 }] of Object.entries(cases) as [Name, Case][])
    test(`${name} of doubles with ${relaxed ? 'fused' : 'separate'} multiply-add errs by at most ${doubleUlpBounds[name]} ULP`, () => {
      const { inputs, output, run } = doubleLoop(name, samples, relaxed, name === 'polygamma' ? { order: 2 } : {});
      const [x, y] = inputs as [Float64Array, Float64Array | undefined];
      const unit = units(relaxed ? 1 : 2);
      for (let i = 0; i < samples; i++) {
        x[i] = sample(ranges, unit);
        if (y) y[i] = sample(others ?? ranges, unit);
      }
      run();
      let worst = { ulps: 0, x: NaN, y: NaN, got: NaN };
      for (let i = 0; i < samples; i++) {
        const value = wanted(x[i], y?.[i] ?? 0, output[i]);
        if (value === null) continue;
        const ulps = Number.isNaN(output[i])
          ? Infinity
          : ulpsFrom(output[i], value, ofOne.has(name as never) ? 0 : -1022);
        if (ulps > worst.ulps) worst = { ulps, x: x[i], y: y?.[i] ?? NaN, got: output[i] };
      }
      if (process.env['SHOW']) console.log(name, worst);
      expect(worst.ulps, inspect(worst)).toBeLessThanOrEqual(doubleUlpBounds[name]);
    });
