import { expect, test } from 'vitest';
import { erf, random, type Tensor } from '../index.ts';

const COUNT = 20_000;
/** P(√n D > 1.95) is about 0.001 under the right distribution; the seeds are fixed. */
const CRITICAL = 1.95 / Math.sqrt(COUNT);

const phi = (x: number): number => (1 + erf(x / Math.SQRT2).item()) / 2;
/** The normal distribution function as a table, so that 20,000 values need no 20,000 calls. */
const normalTable = Array.from({ length: 1601 }, (_, i) => phi(i / 100 - 8));
const normal = (x: number): number => {
  const at = Math.min(Math.max((x + 8) * 100, 0), 1599.999);
  const low = Math.floor(at);
  return normalTable[low] + (at - low) * (normalTable[low + 1] - normalTable[low]);
};
const within = (x: number): number => Math.min(Math.max(x, 0), 1);

const laws: readonly [string, (key: random.Key) => Tensor, (x: number) => number][] = [
  ['uniform', (k) => random.uniform(k, [COUNT], { minval: -1, maxval: 3 }), (x) => within((x + 1) / 4)],
  ['normal', (k) => random.normal(k, [COUNT]), normal],
  [
    'truncated normal',
    (k) => random.truncatedNormal(k, -1, 2, [COUNT]),
    (x) => within((normal(x) - normal(-1)) / (normal(2) - normal(-1))),
  ],
  ['exponential', (k) => random.exponential(k, [COUNT]), (x) => 1 - Math.exp(-Math.max(x, 0))],
  ['gumbel', (k) => random.gumbel(k, [COUNT]), (x) => Math.exp(-Math.exp(-x))],
  ['laplace', (k) => random.laplace(k, [COUNT]), (x) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2)],
  // Gamma of shape 3 is the sum of three exponentials (Erlang); of shape 1/2, half a squared normal.
  ['gamma 3', (k) => random.gamma(k, 3, [COUNT]), (x) => 1 - Math.exp(-x) * (1 + x + x ** 2 / 2)],
  ['gamma 1/2', (k) => random.gamma(k, 0.5, [COUNT]), (x) => 2 * normal(Math.sqrt(2 * Math.max(x, 0))) - 1],
  ['beta (3, 1)', (k) => random.beta(k, 3, 1, [COUNT]), (x) => within(x) ** 3],
  ['beta (1/2, 1/2)', (k) => random.beta(k, 0.5, 0.5, [COUNT]), (x) => (2 / Math.PI) * Math.asin(Math.sqrt(within(x)))],
  // The distance from the center of a uniform point of the unit ball in 3 dimensions, cubed, is uniform.
  ['radius of the ball', (k) => random.ball(k, 3, [COUNT]).norm({ axis: -1 }), (r) => within(r) ** 3],
  // Archimedes: a coordinate of a uniform point of the sphere in 3 dimensions is uniform.
  ['height on the sphere', (k) => random.sphere(k, 3, [COUNT]).slice('...', 2), (z) => within((z + 1) / 2)],
];

/** D = sup |F_n(x) - F(x)|, the largest gap between the sample's steps and the distribution function. */
function statistic(sample: ArrayLike<number>, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  let gap = 0;
  sorted.forEach((x, i) => {
    const expected = distribution(x);
    gap = Math.max(gap, (i + 1) / sorted.length - expected, expected - i / sorted.length);
  });
  return gap;
}

test.each(laws)('%s follows its distribution function (Kolmogorov-Smirnov)', (name, draw, distribution) => {
  const sample = draw(random.foldIn(random.key(5), name.length)).dataSync();
  expect(statistic(sample, distribution)).toBeLessThan(CRITICAL);
  // The test has teeth: a sample scaled by 3 % and shifted by 0.03 is told apart.
  const off = Float64Array.from(sample, (x) => 1.03 * x + 0.03);
  expect(statistic(off, distribution)).toBeGreaterThan(CRITICAL);
});
