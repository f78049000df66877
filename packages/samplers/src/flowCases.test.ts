import { dopri5, euler, midpoint, rk4 } from '@flowfield/ode-solvers';
import { condOTScheduler, cosineScheduler } from '@flowfield/paths';
import { grad, random, type Tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  bitsPerDimension,
  ChainTimeError,
  logLikelihood,
  sampleOde,
  sampleWithLogLikelihood,
  type Velocity,
} from './index.ts';
import { type Mixture, mixtureLogDensity, mixtureVelocity } from './testing/mixture.ts';
import { f64, gap, numbers } from './testing/sphere.ts';

/** The straight flow of x1 = 2 + x0 / 2. */
const shrink: Velocity = (x, t) => {
  const s = t.expandDims(-1);
  const scale = s.mul(-0.5).add(1);
  return x.sub(s.mul(2)).div(scale).mul(-0.5).add(2);
};
const time: Velocity = (x, t) => x.mul(0).add(t.mul(2).expandDims(-1));

describe('grids', () => {
  test('n steps have n + 1 times: v = 2t by 4 Euler steps ends at .75, v = 1 exactly one further', () => {
    const x0 = f64([[0]]);
    expect(sampleOde(time, x0, { solver: euler(), steps: 4 }).ys.item()).toBe(0.75);
    expect(sampleOde(time, x0, { solver: euler(), grid: [0, 0.25, 0.5, 0.75, 1] }).ys.item()).toBe(0.75);
    for (const steps of [1, 3, 7, 10, 49]) {
      expect(sampleOde((x) => x.mul(0).add(1), x0, { solver: euler(), steps }).ys.item()).toBeCloseTo(1, 14);
    }
  });

  test('the field sees the times by which the steps are measured, on shifted and reversed grids', () => {
    // 51 times shifted towards the data, t' = 3t / (1 + 2t), and the same backwards.
    const shifted = Array.from({ length: 51 }, (_, i) => (3 * i) / 50 / (1 + i / 25));
    for (const grid of [shifted, [...shifted].reverse()]) {
      const expected = grid.slice(1).reduce((sum, next, i) => sum + 2 * grid[i] * (next - grid[i]), 0);
      expect(sampleOde(time, f64([[0]]), { solver: euler(), grid }).ys.item()).toBeCloseTo(expected, 12);
    }
  });

  test('from data to noise and back, by any solver', () => {
    for (const options of [{}, { solver: rk4(), steps: 40 }, { solver: midpoint(), steps: 200 }]) {
      const back = sampleOde(shrink, f64([[2.4]]), { ...options, t0: 1, t1: 0 }).ys;
      expect(back.item()).toBeCloseTo(0.8, 4);
      expect(sampleOde(shrink, back, options).ys.item()).toBeCloseTo(2.4, 4);
    }
  });
});

test('times outside [0, 1] are named, rounding at the ends is not', () => {
  const x = f64([[1]]);
  expect(() => sampleOde(shrink, x, { t1: 1.5 })).toThrow(ChainTimeError);
  expect(() => sampleOde(shrink, x, { grid: [0, 50, 100], solver: euler() })).toThrow(/times in \[0, 1\].* got 50/);
  expect(() => logLikelihood(shrink, x, { t0: 1000, t1: 0 })).toThrow(/^logLikelihood: expected times in \[0, 1\]/);
  expect(() => sampleWithLogLikelihood(shrink, x, { t0: -0.1 })).toThrow(ChainTimeError);
  expect(() => sampleOde(shrink, x, { solver: euler(), grid: [0, 1 + 1e-12] })).not.toThrow();
});

describe('likelihoods', () => {
  const x = f64([[2.4], [1.7], [3.1]]);
  const exact = (at: Tensor): Tensor =>
    at
      .squeeze(-1)
      .sub(2)
      .square()
      .div(-0.5)
      .sub(Math.log(0.5 * Math.sqrt(2 * Math.PI)));

  test('of x1 = 2 + x0/2, exact and by Hutchinson, backwards from data and forwards while sampling', () => {
    const tight = { rtol: 1e-8, atol: 1e-8 };
    for (const divergence of ['exact', { kind: 'hutchinson', key: random.key(0) }] as const) {
      expect(gap(logLikelihood(shrink, x, { ...tight, divergence }).logLikelihood, exact(x))).toBeLessThan(1e-6);
      const drawn = sampleWithLogLikelihood(shrink, f64([[0.8], [-1]]), { ...tight, divergence });
      expect(gap(drawn.x1, f64([[2.4], [1.5]]))).toBeLessThan(1e-6);
      expect(gap(drawn.logLikelihood, exact(drawn.x1))).toBeLessThan(1e-6);
    }
  });

  test('their gradient by x at 2.4 is -1.6, by fixed and by adaptive steps', () => {
    for (const options of [
      { solver: rk4(), steps: 60 },
      { solver: dopri5(), rtol: 1e-7, atol: 1e-7, maxSteps: 60, reverseMode: true },
    ]) {
      const slope = grad((at: Tensor) => logLikelihood(shrink, at, options).logLikelihood.sum())(x);
      expect(slope.slice(0, 0).item()).toBeCloseTo(-1.6, 4);
      expect(gap(slope, x.sub(2).div(-0.25))).toBeLessThan(1e-3);
    }
  });

  test('of a mixture equals the closed form to 1e-5, on two schedules', () => {
    const ring: Mixture = {
      weights: [0.2, 0.5, 0.3],
      means: [
        [1.5, 0],
        [-1, 1],
        [0, -1.2],
      ],
      variances: [0.2, 0.1, 0.3],
    };
    const points = random.normal(random.key(1), [32, 2], { dtype: 'f64' });
    for (const scheduler of [condOTScheduler(), cosineScheduler()]) {
      const found = logLikelihood(mixtureVelocity(ring, scheduler), points, { rtol: 1e-8, atol: 1e-8 });
      expect(gap(found.logLikelihood, mixtureLogDensity(ring, points))).toBeLessThan(1e-5);
    }
  });

  test('of images: all axes of a point count', () => {
    const images = random.normal(random.key(2), [3, 2, 2], { dtype: 'f64' });
    const flat = logLikelihood((at) => at.mul(0.3), images.reshape([3, 4]), { solver: rk4(), steps: 20 });
    const found = logLikelihood((at) => at.mul(0.3), images, { solver: rk4(), steps: 20 });
    expect(gap(found.logLikelihood, flat.logLikelihood)).toBeLessThan(1e-12);
    // The flow of x' = .3 x: log-density of N(0, e^.6 I) in 4 dimensions.
    const squares = images.square().sum({ axis: [1, 2] });
    const closed = squares.mul(-Math.exp(-0.6) / 2).sub(4 * (0.3 + Math.log(Math.sqrt(2 * Math.PI))));
    expect(gap(found.logLikelihood, closed)).toBeLessThan(1e-6);
  });
});

test('bits per dimension: uniform bytes take 8, in any range', () => {
  // Density of uniform data on [-1, 1]^3: 1/8.
  const uniform = f64([-3 * Math.log(2)]);
  expect(bitsPerDimension(uniform, { dimensions: 3, range: 2 }).item()).toBeCloseTo(8, 12);
  expect(bitsPerDimension(f64([0]), { dimensions: 5, levels: 2 }).item()).toBeCloseTo(1, 12);
  expect(() => bitsPerDimension(f64([[0]]), { dimensions: 1 })).toThrow(/shape \[batch\], got \[1, 1\]/);
  expect(() => bitsPerDimension(uniform, { dimension: 3 } as never)).toThrow(/Did you mean dimensions/);
});

test('solvers converge by their orders on Gaussian data', () => {
  const orders = [
    [euler(), 1],
    [midpoint(), 2],
    [rk4(), 4],
  ] as const;
  const x0 = random.normal(random.key(3), [16, 1], { dtype: 'f64' });
  const exact = x0.div(2).add(2);
  // A curved version of the same map: the cosine path.
  const curved: Velocity = (x, t) => {
    const s = t.expandDims(-1).mul(Math.PI / 2);
    const [a, b] = [s.sin(), s.cos()];
    const V = a.square().mul(0.25).add(b.square());
    return a
      .mul(b)
      .mul(-0.75)
      .div(V)
      .mul(x.sub(a.mul(2)))
      .add(b.mul(2))
      .mul(Math.PI / 2);
  };
  for (const [solver, order] of orders) {
    const error = (steps: number): number => sampleOde(curved, x0, { solver, steps }).ys.sub(exact).abs().max().item();
    expect(Math.abs(Math.log2(error(32) / error(64)) - order)).toBeLessThan(0.15 + 0.05 * (order === 4 ? 1 : 0));
  }
  expect(numbers(sampleOde(curved, x0, { rtol: 1e-9, atol: 1e-9 }).ys).every(Number.isFinite)).toBe(true);
});
