import { grad, jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  affinePath,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  cosineScheduler,
  geodesicPath,
  PathShapeError,
  type Scheduler,
  schedulerAt,
} from './index.ts';
import { f64, gap, normals, numbers } from './testing/draws.ts';

const path = affinePath(condOTScheduler());

describe('the value', () => {
  const [x0, x1] = [normals(0, [4, 2, 3]), normals(1, [4, 2, 3])];
  const t = tensor([0.1, 0.2, 0.6, 0.9], f64);
  const zero = (x: Tensor): Tensor => x.mul(0);

  test('is the mean squared error over batch and coordinates; other reductions keep more of it', () => {
    const squares = x1.sub(x0).square();
    const loss = (reduction?: 'mean' | 'sum' | 'none'): Tensor =>
      conditionalFlowMatchingLoss({ velocity: zero, path, reduction }, x0, x1, t);
    expect(loss().item()).toBeCloseTo(squares.mean().item(), 12);
    expect(loss('sum').item()).toBeCloseTo(squares.sum().item() / 4, 12);
    expect(gap(loss('none'), squares.mean({ axis: [1, 2] }))).toBeLessThan(1e-12);
  });

  test('is 0 for the velocity of the path itself', () => {
    expect(
      conditionalFlowMatchingLoss({ velocity: (_x, _t, sample) => sample.x1.sub(sample.x0), path }, x0, x1, t).item(),
    ).toBe(0);
  });

  test('hands the time and further fields to the velocity', () => {
    const labels = tensor([0, 1, 2, 3], { dtype: 'i32' });
    const seen: unknown[] = [];
    const velocity = (x: Tensor, time: Tensor, sample: { labels: Tensor }): Tensor => {
      seen.push(sample.labels === labels, time.shape, x.shape);
      return x;
    };
    conditionalFlowMatchingLoss({ velocity, path }, x0, x1, t, { labels });
    expect(seen).toEqual([true, [4], [4, 2, 3]]);
  });

  test('uses the metric of the manifold, over the ambient dimension', () => {
    const [a, b] = [normals(2, [4, 3]), normals(3, [4, 3])];
    const stretched = {
      exp: (x: Tensor, v: Tensor) => x.add(v),
      log: (x: Tensor, y: Tensor) => y.sub(x),
      inner: (_x: unknown, u: unknown, v: unknown) =>
        (u as Tensor)
          .mul(v as Tensor)
          .sum({ axis: -1 })
          .mul(4),
    };
    const plain = conditionalFlowMatchingLoss({ velocity: zero, path }, a, b, t).item();
    const flat = stretched as unknown as Parameters<typeof geodesicPath>[0];
    expect(conditionalFlowMatchingLoss({ velocity: zero, path: geodesicPath(flat) }, a, b, t).item()).toBeCloseTo(
      4 * plain,
      12,
    );
    expect(conditionalFlowMatchingLoss({ velocity: zero, path, manifold: stretched }, a, b, t).item()).toBeCloseTo(
      4 * plain,
      12,
    );
  });

  test('refuses a velocity of another shape', () => {
    const velocity = (x: Tensor): Tensor => x.sum({ axis: -1 });
    expect(() => conditionalFlowMatchingLoss({ velocity, path }, x0, x1, t)).toThrow(PathShapeError);
  });

  test('refuses an unknown reduction', () => {
    const reduction = 'men' as 'mean';
    expect(() => conditionalFlowMatchingLoss({ velocity: zero, path, reduction }, x0, x1, t)).toThrow(
      /expected a reduction among mean, sum, none, got 'men'/,
    );
  });

  test('has the gradient of regression in the weights', () => {
    const loss = (w: Tensor): Tensor => conditionalFlowMatchingLoss({ velocity: (x) => x.mul(w), path }, x0, x1, t);
    const w = tensor(0.3, f64);
    const { xt, dxt } = path.sample({ x0, x1, t });
    expect(jit(grad(loss))(w).item()).toBeCloseTo(xt.mul(w).sub(dxt).mul(xt).mean().item() * 2, 12);
  });
});

describe('the regression fixed point for a mixture', () => {
  const weights = [0.3, 0.7];
  const means = [-1.5, 1];
  const deviations = [0.4, 0.6];

  /** E[dx_t | x_t = x] of N(0, 1) to the mixture: velocities of the parts, weighed by their share of the density at x. */
  const marginal =
    (scheduler: Scheduler) =>
    (x: Tensor, t: Tensor): Tensor => {
      const c = schedulerAt(scheduler, t);
      const per = (value: Tensor): Tensor => value.expandDims(-1);
      const parts = weights.map((weight, k) => {
        const variance = c.alphaT
          .square()
          .mul(deviations[k] ** 2)
          .add(c.sigmaT.square());
        const centered = x.sub(per(c.alphaT.mul(means[k])));
        const slope = c.alphaT
          .mul(c.dAlphaT)
          .mul(deviations[k] ** 2)
          .add(c.sigmaT.mul(c.dSigmaT))
          .div(variance);
        const density = centered.square().div(per(variance)).mul(-0.5).exp().div(per(variance.sqrt())).mul(weight);
        return { density, velocity: per(c.dAlphaT.mul(means[k])).add(centered.mul(per(slope))) };
      });
      const total = parts.reduce((sum, part) => sum.add(part.density), x.mul(0));
      return parts.reduce((sum, part) => sum.add(part.density.mul(part.velocity)), x.mul(0)).div(total);
    };

  test.each([condOTScheduler(), cosineScheduler()])(
    '$name: loss(u_t) = E|dx_t|² - E|u_t|², and it is the least',
    (scheduler) => {
      const count = 40_000;
      const [sourceKey, partKey, dataKey, timeKey] = Array.from({ length: 4 }, (_, i) =>
        random.foldIn(random.key(7), i),
      );
      const x0 = random.normal(sourceKey, [count, 1], f64);
      const second = random.bernoulli(partKey, weights[1], [count, 1]).astype('f64');
      const pick = ([a, b]: readonly number[]): Tensor => second.mul(b - a).add(a);
      const x1 = random.normal(dataKey, [count, 1], f64).mul(pick(deviations)).add(pick(means));
      const t = random.uniform(timeKey, [count], f64);
      const mixturePath = affinePath(scheduler);
      const u = marginal(scheduler);
      const rows = (velocity: (x: Tensor, t: Tensor) => Tensor): Tensor =>
        conditionalFlowMatchingLoss({ velocity, path: mixturePath, reduction: 'none' }, x0, x1, t);

      const { xt, dxt } = mixturePath.sample({ x0, x1, t });
      const field = u(xt, t);
      const best = rows(u);
      // Row by row |u - dx|² - (|dx|² - |u|²) = 2 u (u - dx), whose expectation is 0.
      const difference = numbers(best.sub(dxt.square().sub(field.square()).squeeze(-1)));
      const mean = difference.reduce((sum, value) => sum + value, 0) / count;
      const error = Math.sqrt(difference.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / count;
      expect(Math.abs(mean)).toBeLessThan(4 * error);
      expect(error).toBeLessThan(0.02);

      // Any other field loses by E|v - u|², within the error of the cross term.
      for (const change of [
        (x: Tensor) => x.mul(0).add(0.3),
        (x: Tensor) => x.mul(0.2),
        (x: Tensor) => x.sin().mul(-0.4),
      ]) {
        const worse = rows((x, time) => u(x, time).add(change(x)));
        const excess = change(xt).square().mean().item();
        expect(Math.abs(worse.sub(best).mean().item() - excess)).toBeLessThan(0.3 * excess);
      }
    },
  );
});
