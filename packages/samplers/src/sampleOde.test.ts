import { euler, evaluateDense, rk4 } from '@flowfield/ode-solvers';
import { changeSchedule, condOTScheduler, cosineScheduler, polynomialScheduler } from '@flowfield/paths';
import { grad, jit, random, type Tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import { sampleOde, type Velocity } from './index.ts';
import { gaussianVelocity, mean, spread } from './testing/gaussianData.ts';
import { f64, gap, numbers, spherePoints, unitSphere } from './testing/sphere.ts';

const x0 = random.normal(random.key(0), [64, 2], { dtype: 'f64' });
const tight = { rtol: 1e-9, atol: 1e-9 };

describe('sampleOde', () => {
  test('the flow of Gaussian data takes x0 to mean + spread x0, whatever the schedule', () => {
    for (const scheduler of [condOTScheduler(), cosineScheduler(), polynomialScheduler(2)]) {
      const { ys } = sampleOde(gaussianVelocity(scheduler), x0, tight);
      expect(gap(ys, x0.mul(spread).add(mean))).toBeLessThan(1e-7);
    }
  });

  test('a changed schedule has the same end points', () => {
    const [from, to] = [condOTScheduler(), cosineScheduler()];
    const changed: Velocity = changeSchedule(gaussianVelocity(from), { from, to });
    expect(gap(sampleOde(changed, x0, tight).ys, sampleOde(gaussianVelocity(from), x0, tight).ys)).toBeLessThan(1e-7);
  });

  test('backwards it returns to the noise', () => {
    const velocity = gaussianVelocity(condOTScheduler());
    const there = sampleOde(velocity, x0, tight).ys;
    expect(gap(sampleOde(velocity, there, { ...tight, t0: 1, t1: 0 }).ys, x0)).toBeLessThan(1e-7);
  });

  test('trajectories, fixed steps and dense output', () => {
    const velocity = gaussianVelocity(condOTScheduler());
    const trajectory = sampleOde(velocity, x0, { solver: rk4(), steps: 40, saveAt: { steps: true } });
    expect(trajectory.ys.shape).toEqual([41, 64, 2]);
    const at = (t: number): Tensor => x0.mul(Math.sqrt((t * spread) ** 2 + (1 - t) ** 2)).add(t * mean);
    for (const i of [0, 13, 40]) expect(gap(trajectory.ys.slice(i), at(i / 40))).toBeLessThan(1e-5);
    const { dense } = sampleOde(velocity, x0, { ...tight, maxSteps: 100, saveAt: { dense: true } });
    expect(gap(evaluateDense(dense!, 0.3), at(0.3))).toBeLessThan(1e-6);
    const along = sampleOde(velocity, x0, { grid: [0, 0.1, 0.5, 1], solver: rk4() });
    expect(along.nfe.item()).toBe(12);
  });

  test('the field sees x of [batch, ...] and t of [batch], in the dtype of x', () => {
    const seen = new Set<string>();
    const velocity: Velocity = (x, t) => {
      seen.add(`${x.dtype}[${x.shape}] ${t.dtype}[${t.shape}]`);
      return x;
    };
    sampleOde(velocity, random.normal(random.key(1), [3, 4, 5]), { steps: 1, solver: euler() });
    expect([...seen]).toEqual(['f32[3,4,5] f32[3]']);
    expect(() => sampleOde(velocity, f64(1))).toThrow(/shape \[batch, ...\], got a scalar/);
  });

  test('it can be jitted and differentiated', () => {
    const end = (x: Tensor, rate: Tensor): Tensor =>
      sampleOde((y, t) => y.mul(rate).mul(t.expandDims(-1)), x, { solver: rk4(), steps: 20 }).ys;
    const rate = f64(0.8);
    // x1 = x0 exp(rate / 2)
    expect(gap(jit(end)(x0, rate), x0.mul(Math.exp(0.4)))).toBeLessThan(1e-6);
    const slope = grad((r: Tensor) => end(x0, r).sum())(rate).item();
    expect(slope).toBeCloseTo((x0.sum().item() * Math.exp(0.4)) / 2, 5);
  });

  test('on a manifold every point of the trajectory lies on it', () => {
    const pull: Velocity = (x) => x.mul(0).add(f64([0, 0, 1]));
    const { ys } = sampleOde(pull, spherePoints, { manifold: unitSphere, ...tight, saveAt: { ts: [0, 0.4, 1] } });
    expect(gap(ys.norm({ axis: -1 }), 1)).toBeLessThan(1e-14);
    // z' = 1 - z^2
    const z0 = numbers(spherePoints.slice('...', 2));
    numbers(ys.slice(2, '...', 2)).forEach((z, i) => {
      expect(z).toBeCloseTo(Math.tanh(1 + Math.atanh(z0[i])), 7);
    });
  });
});
