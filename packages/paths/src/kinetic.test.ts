import { random, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  condOTScheduler,
  cosineScheduler,
  type DataSeparation,
  dataSeparation,
  kineticEnergy,
  kineticOptimalScheduler,
  NonFinitePointError,
  PathShapeError,
  SchedulerError,
  SeparationError,
  schedulerAt,
  separationOf,
} from './index.ts';
import { f64, gap, innerTimes, normals, numbers } from './testing/draws.ts';
import { posteriorVarianceOf } from './testing/pointData.ts';

const data: Readonly<Record<string, { separation: DataSeparation; expected: readonly number[] }>> = {
  'three points': {
    separation: separationOf(posteriorVarianceOf([-1.3, 0.2, 1.6], [0.3, 0.4, 0.3])),
    expected: [0.596054, 0.344885, 0.812648, 0.602313],
  },
  'two points': {
    separation: separationOf(posteriorVarianceOf([-1, 1], [0.5, 0.5])),
    expected: [0.691264, 0.459119, 0.982398, 0.868956],
  },
  'N(0, 1)': {
    separation: separationOf((s) => 1 / (1 + s * s)),
    expected: [0, 0, 2 - Math.PI / 2, 0],
  },
};

// Values: one dimension, expectations by 200-node Gauss-Hermite quadrature.
describe.each(Object.entries(data))('kinetic energy, %s', (_name, { separation, expected }) => {
  const [total, least, straight, cosine] = expected;
  const optimal = kineticOptimalScheduler(separation);

  test('Φ and the energies of three schedules', () => {
    expect(Math.abs(separation.total - total)).toBeLessThan(5e-6);
    expect(Math.abs(separation.leastEnergy - least)).toBeLessThan(5e-6);
    expect(Math.abs(kineticEnergy(condOTScheduler(), separation) - straight)).toBeLessThan(5e-6);
    expect(Math.abs(kineticEnergy(cosineScheduler(), separation) - cosine)).toBeLessThan(5e-6);
  });

  test('the optimal schedule has the energy 4 sin²(Φ/2)', () => {
    expect(Math.abs(kineticEnergy(optimal, separation) - 4 * Math.sin(separation.total / 2) ** 2)).toBeLessThan(1e-6);
  });

  test('r² = 1 - b t (1 - t), both ends are met, and the ratio grows', () => {
    const t = tensor([0, ...numbers(innerTimes(99)), 1], f64);
    const { alphaT, sigmaT } = schedulerAt(optimal, t);
    const square = t.mul(t.neg().add(1)).mul(-separation.leastEnergy).add(1);
    expect(gap(alphaT.square().add(sigmaT.square()), square)).toBeLessThan(1e-8);
    expect([alphaT, sigmaT].map((x) => [x.slice(0).item(), x.slice(-1).item()])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    const ratio = numbers(alphaT.div(sigmaT));
    expect(ratio.every((value, i) => i === 0 || value > ratio[i - 1])).toBe(true);
  });

  test('its derivatives and its inverse are its own', () => {
    const t = innerTimes(99);
    const h = 1e-6;
    for (const [f, df] of [
      [optimal.alpha, optimal.dAlpha],
      [optimal.sigma, optimal.dSigma],
    ]) {
      const difference = f(t.add(h))
        .sub(f(t.sub(h)))
        .div(2 * h);
      expect(gap(df(t), difference)).toBeLessThan(1e-4);
    }
    expect(gap(optimal.snrInverse(optimal.alpha(t).div(optimal.sigma(t))), t)).toBeLessThan(1e-10);
    expect(numbers(optimal.snrInverse(tensor([0, Number.POSITIVE_INFINITY], f64)))).toEqual([0, 1]);
  });

  test('in f32 it agrees with f64 to rounding, next to both ends too', () => {
    const times = [1e-6, 1e-3, 0.3, 0.9, 1 - 2 ** -20];
    for (const part of ['alpha', 'sigma'] as const) {
      const narrow = optimal[part](tensor(times)).astype('f64');
      expect(gap(narrow.div(optimal[part](tensor(times).astype('f64'))), 1), part).toBeLessThan(2e-5);
    }
  });
});

test('two points: the schedule at three times', () => {
  const { alphaT, sigmaT } = schedulerAt(
    kineticOptimalScheduler(data['two points'].separation),
    tensor([0.25, 0.5, 0.75], f64),
  );
  expect(gap(alphaT, tensor([0.807138, 0.884796, 0.94261], f64))).toBeLessThan(1e-4);
  expect(gap(sigmaT, tensor([0.512293, 0.319931, 0.159378], f64))).toBeLessThan(1e-4);
});

test('points far apart give the straight path', () => {
  const separation = separationOf(() => 0);
  expect(separation.total).toBeCloseTo(Math.PI / 2, 12);
  expect(kineticEnergy(condOTScheduler(), separation)).toBeCloseTo(2, 10);
  const t = innerTimes(99);
  const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(kineticOptimalScheduler(separation), t);
  expect(gap(alphaT, t)).toBeLessThan(1e-12);
  expect(gap(sigmaT, t.neg().add(1))).toBeLessThan(1e-12);
  expect(gap(dAlphaT, 1)).toBeLessThan(1e-11);
  expect(gap(dSigmaT, -1)).toBeLessThan(1e-11);
});

test('Gaussian data give the cosine path', () => {
  const optimal = kineticOptimalScheduler(data['N(0, 1)'].separation);
  const t = innerTimes(50);
  expect(gap(optimal.alpha(t), cosineScheduler().alpha(t))).toBeLessThan(1e-6);
  expect(gap(optimal.dSigma(t), cosineScheduler().dSigma(t))).toBeLessThan(1e-5);
});

test('a separation is plain data: it survives JSON', () => {
  const { separation } = data['two points'];
  const copy = JSON.parse(JSON.stringify(separation)) as DataSeparation;
  const t = innerTimes(9);
  expect(gap(kineticOptimalScheduler(copy).alpha(t), kineticOptimalScheduler(separation).alpha(t))).toBe(0);
});

describe('estimates from points', () => {
  const repeated = tensor(
    [-1.3, -1.3, -1.3, 0.2, 0.2, 0.2, 0.2, 1.6, 1.6, 1.6].map((x) => [x]),
    f64,
  );
  const estimate = dataSeparation(repeated, { key: random.key(0), nodes: 201, draws: 20000 });

  test('agree with the exact ones within their standard errors', () => {
    const exact = posteriorVarianceOf([-1.3, 0.2, 1.6], [0.3, 0.4, 0.3]);
    estimate.theta.slice(0, -1).forEach((theta, i) => {
      const error = estimate.standardError?.[i] ?? 0;
      expect(Math.abs(estimate.residual[i] - exact(Math.tan(theta)))).toBeLessThan(5 * error + 1e-6);
    });
    expect(Math.abs(estimate.total - data['three points'].expected[0])).toBeLessThan(0.01);
    expect(estimate.scale).toBeCloseTo(Math.sqrt(0.3 * 1.69 + 0.4 * 0.04 + 0.3 * 2.56), 12);
  });

  test('λ(0) = |E x|² / d, λ grows with s, and is at least that of Gaussian data', () => {
    const points = normals(3, [200, 3])
      .mul(tensor([1, 2, 0.3], f64))
      .add(0.4);
    const { theta, residual, standardError, scale } = dataSeparation(points, {
      key: random.key(1),
      nodes: 101,
      draws: 2000,
    });
    const mean = points.mean({ axis: 0 }).div(scale!);
    expect(residual[0]).toBeCloseTo(1 - mean.square().mean().item(), 9);
    for (let i = 1; i < theta.length; i++) {
      expect(residual[i]).toBeLessThan(residual[i - 1] + 4 * standardError![i] + 1e-12);
      expect(residual[i]).toBeLessThan(Math.cos(theta[i]) ** 2 + 5 * standardError![i]);
    }
  });

  test('centering removes the mean: then noise alone says nothing, w(0) = 0', () => {
    const points = normals(4, [50, 2]).add(3);
    const { weight, center } = dataSeparation(points, { key: random.key(2), nodes: 21, draws: 100, center: true });
    expect(weight[0]).toBeLessThan(1e-12);
    expect(gap(tensor(center as number[], f64), points.mean({ axis: 0 }))).toBeLessThan(1e-12);
  });

  test('the straight path becomes optimal as the dimension grows', () => {
    // 64 Gaussian points; values measured independently for d = 4, 64 and 256.
    for (const [d, ratio] of [
      [4, 1.92],
      [64, 1.11],
      [256, 1.048],
    ]) {
      const separation = dataSeparation(normals(d, [64, d]), { key: random.key(3), nodes: 201, draws: 1500 });
      const found = kineticEnergy(condOTScheduler(), separation) / separation.leastEnergy;
      expect(Math.abs(found - ratio), `d = ${d}`).toBeLessThan(0.2 * (ratio - 1));
    }
  });

  test('one key, one result; another key, another', () => {
    const points = normals(5, [20, 2]);
    const total = (seed: number): number =>
      dataSeparation(points, { key: random.key(seed), nodes: 21, draws: 50 }).total;
    expect(total(1)).toBe(total(1));
    expect(total(1)).not.toBe(total(2));
  });
});

test('the energy is that of the exact marginal velocity, by draws', () => {
  // Three points, straight path: u(x) = (E[x1|x] - x) / (1 - t), E|u|² over t and x.
  const scale = Math.sqrt(0.3 * 1.69 + 0.4 * 0.04 + 0.3 * 2.56);
  const points = tensor([-1.3, 0.2, 1.6], f64).div(scale);
  const keys = [0, 1, 2].map((i) => random.foldIn(random.key(9), i));
  const count = 100_000;
  const choice = random.categorical(keys[0], tensor([0.3, 0.4, 0.3], f64).log().broadcastTo([count, 3]));
  const x1 = points.take(choice);
  const t = random.uniform(keys[1], [count], f64).mul(0.9999);
  const left = t.neg().add(1);
  const { xt } = affinePath(condOTScheduler()).sample({ x0: random.normal(keys[2], [count], f64), x1, t });
  const logits = xt
    .expandDims(1)
    .sub(t.expandDims(1).mul(points))
    .div(left.expandDims(1))
    .square()
    .mul(-0.5)
    .add(tensor([0.3, 0.4, 0.3], f64).log());
  const posterior = logits.sub(logits.logsumexp({ axis: 1, keepDims: true })).exp();
  const energy = posterior.mul(points).sum({ axis: 1 }).sub(xt).div(left).square();
  const error = energy.std().item() / Math.sqrt(count);
  expect(Math.abs(energy.mean().item() - 0.812648)).toBeLessThan(4 * error);
});

test('mistakes are named', () => {
  const points = normals(0, [4, 2]);
  const key = random.key(0);
  expect(() => dataSeparation(points.slice(0), { key })).toThrow(PathShapeError);
  expect(() => dataSeparation(points.mul(Number.NaN), { key })).toThrow(NonFinitePointError);
  expect(() => dataSeparation(points.mul(0), { key })).toThrow(SeparationError);
  expect(() => dataSeparation(points, { key, draw: 3 } as never)).toThrow(/Did you mean draws/);
  expect(() => separationOf((s) => s)).toThrow(/expected 1 - λ in \[0, 1\], got .* at snr/);
  expect(() => kineticOptimalScheduler({} as DataSeparation)).toThrow(SeparationError);
  expect(() => kineticEnergy('cosine' as never, data['two points'].separation)).toThrow(SchedulerError);
});
