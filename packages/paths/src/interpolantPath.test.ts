import { jvp, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  brownianGamma,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  cosineScheduler,
  interpolantNoiseLoss,
  interpolantPath,
  schrodingerBridgePath,
  sineSquaredGamma,
  sinkhorn,
} from './index.ts';
import { f64, gap, innerTimes, normals, numbers } from './testing/draws.ts';

const [x0, x1, noise] = [normals(0, [20, 3]), normals(1, [20, 3]), normals(2, [20, 3])];
const t = innerTimes(20);

describe.each([brownianGamma(0.7), sineSquaredGamma(1.3), sineSquaredGamma()])('interpolant, $name', (gamma) => {
  const path = interpolantPath({ scheduler: cosineScheduler(), gamma });

  test('dxt is the derivative of xt in t', () => {
    const at = (time: Tensor): Tensor => path.sample({ x0, x1, noise, t: time }).xt;
    const [, slope] = jvp(at, [t], [t.mul(0).add(1)]);
    const { dxt } = path.sample({ x0, x1, noise, t });
    expect(gap(dxt, slope)).toBeLessThan(1e-9);
  });

  test('meets its ends, and is finite there in both float types', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const input = { x0: x0.astype(dtype), x1: x1.astype(dtype), noise: noise.astype(dtype) };
      const [start, end] = [path.sample({ ...input, t: 0 }), path.sample({ ...input, t: 1 })];
      expect(gap(start.xt, input.x0)).toBe(0);
      expect(gap(end.xt, input.x1)).toBe(0);
      expect(numbers(start.dxt).concat(numbers(end.dxt)).every(Number.isFinite)).toBe(true);
    }
  });

  test('without noise it is the affine path', () => {
    const { xt, dxt } = path.sample({ x0, x1, noise: noise.mul(0), t });
    const plain = affinePath(cosineScheduler()).sample({ x0, x1, t });
    expect(gap(xt, plain.xt) + gap(dxt, plain.dxt)).toBeLessThan(1e-14);
  });
});

test('the velocity of Gaussian ends has the closed form, by regression on draws', () => {
  // x0 ~ N(0, 1), x1 ~ N(m, s²), independent: E[dxt | xt] is linear in xt, with slope Cov(dxt, xt) / Var(xt).
  const [m, s, strength, time] = [1, 0.5, 0.8, 0.3];
  const count = 200_000;
  const draw = (seed: number): Tensor => normals(seed, [count, 1]);
  const path = interpolantPath({ gamma: brownianGamma(strength) });
  const { xt, dxt } = path.sample({ x0: draw(3), x1: draw(4).mul(s).add(m), noise: draw(5), t: time });
  const variance = (1 - time) ** 2 + time ** 2 * s ** 2 + strength ** 2 * time * (1 - time);
  const slope = (-(1 - time) + time * s ** 2 + (strength ** 2 * (1 - 2 * time)) / 2) / variance;
  const centered = xt.sub(xt.mean());
  expect(centered.square().mean().item()).toBeCloseTo(variance, 2);
  expect(dxt.mul(centered).mean().item() / centered.square().mean().item()).toBeCloseTo(slope, 1);
  expect(Math.abs(dxt.mul(centered).mean().item() / variance - slope)).toBeLessThan(0.02);
});

test('a Brownian path pinned at both ends: mean and variance', () => {
  // W(0) = 0, W(1) = 1.5: at .25 mean .375, variance .1875.
  const count = 100_000;
  const path = schrodingerBridgePath(1);
  const zeros = tensor([0], f64).broadcastTo([count, 1]);
  const { xt } = path.sample({ x0: zeros, x1: zeros.add(1.5), t: 0.25, key: random.key(0) });
  expect(Math.abs(xt.mean().item() - 0.375)).toBeLessThan((4 * Math.sqrt(0.1875)) / Math.sqrt(count));
  expect(Math.abs(xt.var().item() - 0.1875)).toBeLessThan(4 * 0.1875 * Math.sqrt(2 / count));
});

test('the bridge between Gaussians has the variance of the Schrödinger bridge at its middle', () => {
  // N(0, 1) to N(0, 1) with reference s W: Cov(x0, x1) = c with c = sqrt(1 + s⁴/4) - s²/2 (Mallasto et al. 2022),
  // so that the middle has variance (1 + c) / 2 + s²/4.
  const strength = 1;
  const n = 300;
  // Quantiles, so that the marginals have no sampling error.
  const grid = Array.from({ length: n }, (_, i) => (i + 0.5) / n);
  const x = tensor(grid, f64).mul(2).sub(1).erfInv().mul(Math.SQRT2);
  const path = schrodingerBridgePath(strength);
  expect(path.regularization).toBe(2);
  const cost = x.expandDims(1).sub(x).square();
  const { plan } = sinkhorn(cost, { regularization: path.regularization, tolerance: 1e-7 });
  const covariance = plan.mul(x.expandDims(1)).mul(x).sum().item();
  expect(covariance).toBeCloseTo(Math.sqrt(1 + strength ** 4 / 4) - strength ** 2 / 2, 1);
  expect(Math.abs(covariance - (Math.sqrt(1.25) - 0.5))).toBeLessThan(0.01);
});

test('carries fields, draws by key, and serves the flow-matching loss', () => {
  const path = interpolantPath();
  const labels = tensor([1, 2], { dtype: 'i32' });
  const input = { x0: [[0], [0]], x1: [[1], [1]], t: 0.5, labels };
  const sample = path.sample({ ...input, key: random.key(1) });
  expect(sample.labels).toBe(labels);
  expect(numbers(sample.noise)).toEqual(numbers(path.sample({ ...input, key: random.key(1) }).noise));
  expect(numbers(sample.noise)).not.toEqual(numbers(path.sample({ ...input, key: random.key(2) }).noise));
  const loss = conditionalFlowMatchingLoss(
    { velocity: (_x, _t, { dxt }) => dxt, path },
    [[0], [0]],
    [[1], [1]],
    [0.2, 0.7],
    { key: random.key(3) },
  );
  expect(loss.item()).toBe(0);
});

test('the noise loss is least at E[z | xt], which gives the score of the path', () => {
  // x0, x1 ~ N(0, 1), γ² = t (1 - t): Var xt = V = (1-t)² + t² + t(1-t), E[z | x] = γ x / V, score = -x / V.
  const time = 0.4;
  const count = 50_000;
  const path = interpolantPath();
  const gammaT = Math.sqrt(time * (1 - time));
  const V = (1 - time) ** 2 + time ** 2 + gammaT ** 2;
  const loss = (w: number): number =>
    interpolantNoiseLoss({ predict: (x) => x.mul(w), path }, normals(6, [count, 1]), normals(7, [count, 1]), time, {
      noise: normals(8, [count, 1]),
    }).item();
  const best = gammaT / V;
  expect(loss(best)).toBeCloseTo(1 - gammaT ** 2 / V, 1);
  expect(loss(best)).toBeLessThan(Math.min(loss(best + 0.05), loss(best - 0.05)));
  const ends = [[[0]], [[1]], 0.5] as const;
  expect(() => interpolantNoiseLoss({ predict: (x) => x.sum(), path }, ...ends, { key: random.key(0) })).toThrow(
    /shape of xt/,
  );
});

test('mistakes are named', () => {
  expect(() => interpolantPath().sample({ x0, x1, t: 0.5 })).toThrow(/Give { key } to draw it, or { noise }/);
  expect(() => interpolantPath({ gama: brownianGamma() } as never)).toThrow(/Did you mean gamma/);
  expect(() => brownianGamma(-1)).toThrow(/strength of at least 0, got -1/);
  expect(() => schrodingerBridgePath(0)).toThrow(/expected a strength/);
  expect(() => interpolantPath({ scheduler: 'condOT' as never })).toThrow(/expected a scheduler/);
  expect(() => interpolantPath({ scheduler: condOTScheduler() }).sample({ x0, x1, noise, t: 1.2 })).toThrow(/\[0, 1\]/);
});
