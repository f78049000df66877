import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { adafactor, applyUpdates, type GradientTransform, lbfgs, minimizeCodes, minimizeLbfgs } from '../index.ts';

describe.each(ff.devices())('L-BFGS on %s', (device) => {
  const f64 = (data: ff.TensorLike): Tensor => tensor(data, { dtype: 'f64', device });
  type Point = { a: Tensor; b: Tensor };
  const rosenbrock = ({ a, b }: Point): Tensor => a.neg().add(1).square().add(b.sub(a.square()).square().mul(100));
  const after = <P>(optimizer: GradientTransform, loss: (p: P) => Tensor, start: P, steps: number): P => {
    let params = start;
    let state = optimizer.init(params);
    for (let i = 0; i < steps; i++) {
      const [updates, next] = optimizer.update(ff.grad(loss)(params) as P, state, params);
      params = applyUpdates(params, updates);
      state = next;
    }
    return params;
  };

  it('follows scale_by_lbfgs of Optax where it overwrites its memory', () => {
    const { a, b } = after(lbfgs({ memory: 2, learningRate: 0.05 }), rosenbrock, { a: f64(-0.5), b: f64(0.5) }, 8);
    // Optax 0.2.8 in float64.
    expect(a.item()).toBeCloseTo(-0.5645657712657064, 10);
    expect(b.item()).toBeCloseTo(0.4408639613254417, 10);
  });

  it('finds the minimum of the Rosenbrock function, jitted and not', () => {
    const start = { a: f64(-1.2), b: f64(1) };
    for (const minimize of [
      (p: Point) => minimizeLbfgs(rosenbrock, p, { tolerance: 1e-9 }),
      ff.jit((p: Point) => minimizeLbfgs(rosenbrock, p, { tolerance: 1e-9 })),
    ]) {
      const { params, code, steps, gradientSize } = minimize(start);
      expect(params.a.item()).toBeCloseTo(1, 8);
      expect(params.b.item()).toBeCloseTo(1, 8);
      expect(code.item()).toBe(minimizeCodes.converged);
      expect(gradientSize.item()).toBeLessThanOrEqual(1e-9);
      expect(steps.item()).toBeLessThan(60);
    }
  });

  it('solves least squares as the normal equations do', () => {
    const x = ff.random.normal(ff.random.key(0, { device }), [20, 4], { dtype: 'f64' });
    const y = ff.random.normal(ff.random.key(1, { device }), [20], { dtype: 'f64' });
    const { params, code } = minimizeLbfgs((w: Tensor) => x.matmul(w).sub(y).square().sum(), f64([0, 0, 0, 0]), {
      tolerance: 1e-9,
    });
    expect(code.item()).toBe(minimizeCodes.converged);
    const exact = ff.linalg.solve(x.T.matmul(x), x.T.matmul(y));
    expect(params.sub(exact).abs().max().item()).toBeLessThan(1e-9);
  });

  it('stops where steps are used up, and where no lower point is to be had', () => {
    const start = { a: f64(-1.2), b: f64(1) };
    const few = minimizeLbfgs(rosenbrock, start, { steps: 3 });
    expect([few.code.item(), few.steps.item()]).toEqual([minimizeCodes.steps, 3]);
    const none = minimizeLbfgs(rosenbrock, start, { steps: 0 });
    expect([none.code.item(), none.params.a.item()]).toEqual([minimizeCodes.steps, -1.2]);
    const kink = minimizeLbfgs((w: Tensor) => w.abs().sum(), f64([0.3]), { steps: 50 });
    expect(Math.abs(kink.params.item())).toBeLessThan(1e-3);
    expect(kink.code.item()).not.toBe(minimizeCodes.steps);
  });

  it('walks back from values that are not finite', () => {
    // log x has no value below 0, where the first step would land.
    const { params, code } = minimizeLbfgs((x: Tensor) => x.sub(x.log()).sum(), f64([1e-3, 5]), { tolerance: 1e-8 });
    expect([...params.dataSync()]).toEqual([expect.closeTo(1, 7), expect.closeTo(1, 7)]);
    expect(code.item()).toBe(minimizeCodes.converged);
  });

  it('names options that do not fit', () => {
    expect(() => lbfgs({ memory: 0 })).toThrow(/lbfgs: memory must be a whole number of at least 1, got 0/);
    expect(() => minimizeLbfgs(rosenbrock, {} as Point)).toThrow(/at least one tensor, got none/);
    expect(() => minimizeLbfgs(rosenbrock, { a: f64(0), b: f64(0) }, { tolerence: 1 } as never)).toThrow(
      /Did you mean tolerance\?/,
    );
  });
});

it('factors the second moment of tensors as Optax does', () => {
  const run = (shape: number[], size: number) => {
    const range = ff.arange(size, undefined, undefined, { dtype: 'f64' });
    const scale = range.cos().reshape(shape).add(2);
    const loss = ({ w }: { w: Tensor }): Tensor => w.square().mul(scale).sum().mul(0.5);
    const start = { w: range.sin().reshape(shape) };
    let params = start;
    const optimizer = adafactor({ learningRate: 0.1, leastExtent: 3 });
    let state = optimizer.init(params);
    for (let i = 0; i < 5; i++) {
      const [updates, next] = optimizer.update(ff.grad(loss)(params) as typeof params, state, params);
      params = applyUpdates(params, updates);
      state = next;
    }
    return [...params.w.dataSync()].slice(0, 6);
  };
  // Optax 0.2.8 in float64, adafactor(0.1, min_dim_size_to_factor=3) on Σ (cos i + 2) w² / 2 from w = sin i.
  const cubes = [
    0, 0.49175233385997386, 0.49471715677966516, 0.11114864433930158, -0.5413470569663758, -0.6521161061116968,
  ];
  const tall = [
    0, 0.4758003430034035, 0.6945031923441112, 0.05108839923005862, -0.5552095656448417, -0.6334232125152283,
  ];
  expect(run([2, 3, 4], 24)).toEqual(cubes.map((x) => expect.closeTo(x, 6)));
  expect(run([4, 3], 12)).toEqual(tall.map((x) => expect.closeTo(x, 6)));
});
