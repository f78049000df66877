import { condOTScheduler, convert, cosineScheduler, kineticOptimalScheduler } from '@flowfield/paths';
import { random, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { gaussianMixture, ringParts } from './gaussianMixture.ts';

const mixture = gaussianMixture({
  weights: [0.3, 0.7],
  means: [
    [-1, 0.5],
    [1, 0],
  ],
  variances: [0.04, 0.25],
});
const x = tensor(
  [
    [0.2, 0.4],
    [-0.7, 0.1],
    [1.5, -1],
  ],
  { dtype: 'f64' },
);
const t = tensor([0.3, 0.5, 0.8], { dtype: 'f64' });

test('samples have the moments of the mixture', () => {
  const points = mixture.sample(random.key(0), 100_000);
  const [a, b] = points.mean({ axis: 0 }).toArray() as number[];
  expect(a).toBeCloseTo(0.4, 1);
  expect(b).toBeCloseTo(0.15, 1);
  // Σ w (v + m²) - mean²
  const [c, d] = points.square().mean({ axis: 0 }).toArray() as number[];
  expect(c).toBeCloseTo(0.3 * 1.04 + 0.7 * 1.25, 1);
  expect(d).toBeCloseTo(0.3 * 0.29 + 0.7 * 0.25, 1);
});

describe.each([condOTScheduler(), cosineScheduler()])('$name', (scheduler) => {
  test('the velocity is the denoiser in another form', () => {
    const data = mixture.denoiser(scheduler)(x, t);
    const velocity = convert(scheduler, data, { from: 'data', to: 'velocity', xt: x, t });
    expect(mixture.velocity(scheduler)(x, t).sub(velocity).abs().max().item()).toBeLessThan(1e-12);
  });
});

test('the value at t = 1 is the reward, and the tilted mixture is the density times exp of it', () => {
  const tilt = { c: 2, m: [0.4, -0.2] };
  const reward = x
    .sub(tensor(tilt.m, { dtype: 'f64' }))
    .square()
    .sum({ axis: -1 })
    .mul(-1);
  const last = t.mul(0).add(1);
  expect(mixture.value(condOTScheduler(), tilt)(x, last).sub(reward).abs().max().item()).toBeLessThan(1e-12);
  const gap = gaussianMixture(mixture.tilted(tilt)).logDensity(x).sub(mixture.logDensity(x)).sub(reward);
  expect(gap.max().sub(gap.min()).item()).toBeLessThan(1e-12);
});

test('one Gaussian separates as such, and its best path has no energy', () => {
  const normal = gaussianMixture({ weights: [1], means: [[0, 0]], variances: [1] });
  expect(normal.separation({ key: random.key(1), draws: 100, nodes: 101 }).leastEnergy).toBeLessThan(1e-12);
  const ring = gaussianMixture(ringParts({ radius: Math.sqrt(2 - 2 * 0.0144), deviation: 0.12, count: 8 }));
  const separation = ring.separation({ key: random.key(1), draws: 2000, nodes: 101 });
  expect(separation.leastEnergy).toBeGreaterThan(0.1);
  expect(kineticOptimalScheduler(separation).alpha(1).item()).toBeCloseTo(1, 6);
});
