import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { exactTransition, quantileGap, quantiles } from './lineMixture.ts';

const normal = { weights: [1], means: [0], deviations: [1] };

test('quantiles of the normal distribution', () => {
  const found = quantiles(normal);
  // Φ⁻¹(.97625) and Φ⁻¹(.50125), from Python's statistics.NormalDist.
  expect(found[390]).toBeCloseTo(1.981815, 6);
  expect(found[200]).toBeCloseTo(0.0031333, 6);
  expect(found[0]).toBeCloseTo(-found[399], 10);
});

test('the gap of a sample is its shift', () => {
  const sample = random.normal(random.key(0), [100_000]).dataSync();
  expect(quantileGap(sample, normal)).toBeLessThan(0.01);
  expect(quantileGap(sample, { ...normal, means: [0.5] })).toBeCloseTo(0.5, 1);
});

test('a transition averaged over x_t has the mean of the path', () => {
  // One Gaussian N(m, v): x_t' given x_t is linear in x_t, and its mean at E[x_t] = t m is t' m.
  const [t, tNext] = [0.3, 0.7];
  const law = exactTransition({ weights: [1], means: [1.5], deviations: [0.4] }, { t, tNext, xt: t * 1.5 });
  expect(law.means[0]).toBeCloseTo(tNext * 1.5, 12);
  // Var(x_t') = Var(E[x_t' | x_t]) + E Var(x_t' | x_t).
  const shifted = exactTransition({ weights: [1], means: [1.5], deviations: [0.4] }, { t, tNext, xt: t * 1.5 + 1 });
  const slope = shifted.means[0] - law.means[0];
  const variance = (at: number): number => (at * 0.4) ** 2 + (1 - at) ** 2;
  expect(slope ** 2 * variance(t) + law.deviations[0] ** 2).toBeCloseTo(variance(tNext), 12);
});
