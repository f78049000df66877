import { jit, stack, type Tensor, tensor, where, zeros } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, OdeError, odeStepper, outcomes, type Progress, type SolveOptions, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const wave = (_t: Tensor, y: Tensor): Tensor => stack([y.slice(1), y.slice(0).neg()], 0);

describe('jumps', () => {
  const edges: ((t: Tensor) => Tensor)[] = [
    (t) => t.greaterEqual(5).logicalAnd(t.less(5.01)),
    (t) => t.greater(5).logicalAnd(t.lessEqual(5.01)),
  ];
  test.each(['f32', 'f64'] as const)('a pulse is not stepped over when its times are given: %s', (dtype) => {
    const close = dtype === 'f32' ? 6 : 13;
    for (const inside of edges) {
      const field = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(inside(t).astype(dtype));
      const options = { jumpTimes: [5.01, 5], rtol: 1e-3, atol: 1e-6 };
      const there = solveOde(field, tensor([0], { dtype }), { t0: 0, t1: 10, ...options });
      expect(there.ys.item()).toBeCloseTo(0.01, close);
      expect(there.rejected.item()).toBe(0);
      expect(solveOde(field, tensor([0.01], { dtype }), { t0: 10, t1: 0, ...options }).ys.item()).toBeCloseTo(0, close);
      const compiled = jit(
        (jumps: Tensor) => solveOde(field, tensor([0], { dtype }), { t0: 0, t1: 10, jumpTimes: jumps }).ys,
      );
      expect(compiled(tensor([5, 5.01], { dtype })).item()).toBeCloseTo(0.01, close);
      expect(solveOde(field, tensor([0], { dtype }), { t0: 5, t1: 10, ...options }).ys.item()).toBeCloseTo(
        0.01,
        dtype === 'f32' ? 5 : 13,
      );
    }
    const plain = solveOde((t, y: Tensor) => y.mul(0).add(edges[0](t).astype(dtype)), tensor([0], { dtype }), {
      t0: 0,
      t1: 10,
    });
    expect(plain.ys.item()).toBe(0);
  });

  test('implicit and fixed-order solvers, events and saved times keep to them', () => {
    const step = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(where(t.less(0.3), 1, -2));
    // Rises to 0.3, then falls with slope 2.
    for (const solver of [ode.radauIIA5(), ode.kvaerno3(), ode.bosh3(), ode.dopri8()]) {
      const { ys } = solveOde(step, f64([0]), {
        t0: 0,
        t1: 1,
        solver,
        jumpTimes: [0.3],
        saveAt: { ts: [0.3, 0.4, 1] },
      });
      expect(gap(ys.reshape([3]), f64([0.3, 0.1, -1.1]))).toBeLessThan(1e-12);
    }
    const { events } = solveOde(step, f64([0]), {
      t0: 0,
      t1: 1,
      jumpTimes: [0.3],
      events: [{ when: (_t, y) => y.sum().sub(0.1) }],
    });
    expect(gap(events!.ts, f64([0.1, 0.4]))).toBeLessThan(1e-12);
  });

  test('steps end at forced times, and the next step is not cut by that', () => {
    const { ts, accepted } = solveOde(wave, f64([1, 0]), {
      t0: 0,
      t1: 10,
      stepTimes: [3, 3.0001, 7],
      saveAt: { steps: true },
    });
    for (const t of [3, 3.0001, 7]) expect(numbers(ts)).toContain(t);
    expect(accepted.item()).toBeLessThan(solveOde(wave, f64([1, 0]), { t0: 0, t1: 10 }).accepted.item() + 10);
  });
});

describe('sizes', () => {
  const sizes = (options: SolveOptions<Tensor>): number[] => {
    const times = numbers(solveOde(wave, f64([1, 0]), { ...options, saveAt: { steps: true } }).ts);
    return times.slice(1).map((t, i) => Math.abs(t - times[i]));
  };

  test('no step is longer than maxStep', () => {
    for (const t1 of [2, -2, 1.04]) {
      expect(Math.max(...sizes({ t0: 0, t1, maxStep: 0.1, rtol: 1e-2 }))).toBeLessThanOrEqual(0.1 + 1e-15);
    }
  });

  test('minStep holds, and a step that it makes too long fails by name', () => {
    expect(Math.min(...sizes({ t0: 0, t1: 2, minStep: 0.01, rtol: 1e-3 }).slice(0, -1))).toBeGreaterThanOrEqual(
      0.01 - 1e-15,
    );
    const held = solveOde(wave, f64([1, 0]), { t0: 0, t1: 2, minStep: 0.5, rtol: 1e-10, atol: 1e-10, throw: false });
    expect(outcomes[held.code.item()].name).toBe('stepUnderflow');
  });

  test.each(['i', 'pi', 'pid', { proportional: 0.2, integral: 0.4 }] as const)(
    'controller %o keeps the tolerance',
    (controller) => {
      const { ys, accepted, rejected } = solveOde(wave, f64([1, 0]), {
        t0: 0,
        t1: 20,
        controller,
        rtol: 1e-7,
        atol: 1e-7,
      });
      expect(gap(ys, f64([Math.cos(20), -Math.sin(20)]))).toBeLessThan(1e-5);
      expect(rejected.item()).toBeLessThan(accepted.item() / 3);
    },
  );

  test('no step is left over: the last two are as long as each other, or the last is a whole one', () => {
    for (let i = 0; i < 12; i++) {
      const steps = sizes({ t0: 0, t1: (i % 2 ? -1 : 1) * (3 + 0.17 * i) });
      const [before, last] = steps.slice(-2);
      expect(last).toBeGreaterThan(0.98 * before);
    }
    const forced = sizes({ t0: 0, t1: 5, stepTimes: [2.1] });
    expect(Math.min(...forced.slice(1))).toBeGreaterThan(0.4 * Math.max(...forced));
  });

  test('steps do not depend on the unit of time', () => {
    for (const [field, y0] of [
      [wave, [1, 0]],
      [decay, [1]],
      [(t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.mul(5).cos()), [0]],
    ] as const) {
      const counts = [1e-9, 1, 1e7].map((unit) => {
        const scaled = (t: Tensor, y: Tensor): Tensor => field(t.div(unit), y).div(unit);
        const { accepted, rejected, nfe } = solveOde(scaled, f64([...y0]), { t0: 0, t1: 4 * unit });
        return [accepted.item(), rejected.item(), nfe.item()];
      });
      expect(counts[0]).toEqual(counts[1]);
      expect(counts[2]).toEqual(counts[1]);
    }
  });

  test('growth has the bound given', () => {
    const steps = sizes({ t0: 0, t1: 5, firstStep: 1e-6, controller: { integral: 1, largest: 2 } });
    expect(Math.max(...steps.slice(1, -1).map((size, i) => size / steps[i]))).toBeLessThanOrEqual(2 + 1e-9);
  });

  test.each([
    [{ maxStep: -1 }, /maxStep must be a positive number, got -1/],
    [{ minStep: 1, maxStep: 0.1 }, /minStep 1 is larger than maxStep 0\.1/],
    [{ norm: 'l2' }, /norm must be 'rms', 'max' or 'rows', got 'l2'/],
    [{ controller: 'pdi' }, /controller must be 'i', 'pi', 'pid'/],
    [{ controller: { integrl: 1 } }, /controller: .*Did you mean integral\?/],
    [{ controller: { integral: -1 } }, /gains of the controller must sum to a positive number/],
    [{ controller: { safety: 2 } }, /0 < safety <= 1/],
    [{ jumpTime: [0.5] }, /Did you mean jumpTimes\?/],
    [{ t1: null }, /t1 must be a number or a scalar tensor, got null/],
    [{ steps: 3, maxStep: 1 }, /steps fixes the steps, and maxStep/],
  ])('bad options %o', (options, message) => {
    expect(() => solveOde(decay, f64([1]), { t0: 0, t1: 1, ...(options as object) })).toThrow(message);
  });
});

test('a step into values that are not finite is taken again, shorter', () => {
  // y = t - t^2 / 4 touches 1 at t = 2; beyond 1 the root is NaN.
  const field = (_t: Tensor, y: Tensor): Tensor => y.neg().add(1).sqrt();
  for (const solver of [ode.dopri5(), ode.bosh3(), ode.kvaerno3()]) {
    const { ys, rejected } = solveOde(field, f64([0]), {
      t0: 0,
      t1: 1.9,
      solver,
      firstStep: 1.9,
      rtol: 1e-7,
      atol: 1e-7,
    });
    expect(ys.item()).toBeCloseTo(1.9 - 1.9 ** 2 / 4, 5);
    expect(rejected.item()).toBeGreaterThan(0);
  }
});

test('the norm of rows holds the tolerance for every sample, whatever the others do', () => {
  const rates = f64([[40], ...Array.from({ length: 63 }, () => [0])]);
  const field = (_t: Tensor, y: Tensor): Tensor => y.mul(rates).neg();
  const y0 = zeros([64, 1], { dtype: 'f64' }).add(1);
  const worst = (norm: 'rms' | 'rows'): number =>
    gap(solveOde(field, y0, { t0: 0, t1: 0.05, norm, rtol: 1e-5, atol: 1e-5 }).ys.slice(0), f64([Math.exp(-2)]));
  expect(worst('rows')).toBeLessThan(3e-6);
  expect(worst('rms')).toBeGreaterThan(3 * worst('rows'));
  const alone = solveOde((_t, y: Tensor) => y.mul(-40), f64([[1]]), { t0: 0, t1: 0.05 }).nfe.item();
  expect(solveOde(field, y0, { t0: 0, t1: 0.05, norm: 'rows' }).nfe.item()).toBe(alone);
  expect(() => solveOde((_t, y) => y, { a: f64([1, 2]), b: f64([1]) }, { t0: 0, t1: 1, norm: 'rows' })).toThrow(
    /norm 'rows' needs leaves/,
  );
});

describe('room and progress', () => {
  test('rows of steps take the memory of the steps taken, in pieces, and equal those of one program', () => {
    const options: SolveOptions<Tensor> = { t0: 0, t1: 30, rtol: 1e-9, atol: 1e-9, saveAt: { steps: true } };
    const whole = jit((y0: Tensor) => solveOde(wave, y0, { ...options, maxSteps: 800 }).ys)(f64([1, 0]));
    const { ys, accepted } = solveOde(wave, f64([1, 0]), { ...options, progressEvery: 16, maxSteps: 1e6 });
    expect(accepted.item()).toBeGreaterThan(50);
    expect(ys.shape).toEqual([accepted.item() + 1, 2]);
    expect(gap(ys, whole.slice([0, accepted.item() + 1]))).toBe(0);
    const { dense } = solveOde(wave, f64([1, 0]), { ...options, saveAt: { dense: true }, progressEvery: 16 });
    expect(dense!.starts.shape).toEqual([accepted.item()]);
    expect(evaluateDense(dense!, 17.3).slice(0).item()).toBeCloseTo(Math.cos(17.3), 7);
  });

  test.each([
    {},
    { steps: 100 },
    { saveAt: { ts: [1, 25, 30] } },
    { saveAt: { steps: true } },
    { steps: 100, saveAt: { ts: [3, 30] } },
  ] as SolveOptions<Tensor>[])('onProgress sees a solve with %o run, and does not change it', (options) => {
    const seen: Progress[] = [];
    const every = { progressEvery: 20, onProgress: (progress: Progress) => void seen.push(progress) };
    const watched = solveOde(wave, f64([1, 0]), { t0: 0, t1: 30, ...options, ...every });
    const plain = solveOde(wave, f64([1, 0]), { t0: 0, t1: 30, ...options });
    expect(gap(watched.ys, plain.ys)).toBe(0);
    expect([watched.nfe.item(), watched.accepted.item()]).toEqual([plain.nfe.item(), plain.accepted.item()]);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toMatchObject({ t: 30, fraction: 1, accepted: plain.accepted.item() });
    for (let i = 1; i < seen.length; i++) expect(seen[i].fraction).toBeGreaterThanOrEqual(seen[i - 1].fraction);
  });

  test('it stops a solve by returning false: a partial result with a code', () => {
    for (const more of [{}, { steps: 200 }, { saveAt: { steps: true } }] as SolveOptions<Tensor>[]) {
      const options = { t0: 0, t1: 30, progressEvery: 10, onProgress: ({ t }: Progress) => t < 5, ...more };
      const stopped = solveOde(wave, f64([1, 0]), { ...options, throw: false });
      expect(outcomes[stopped.code.item()].name).toBe('stopped');
      expect(stopped.t.item()).toBeGreaterThanOrEqual(5);
      expect(stopped.t.item()).toBeLessThan(30);
      const last = more.saveAt ? stopped.ys.slice(-1) : stopped.ys;
      expect(last.slice(0).item()).toBeCloseTo(Math.cos(stopped.t.item()), 3);
      expect(() => solveOde(wave, f64([1, 0]), options)).toThrow(OdeError);
    }
  });

  test('inside a trace it is refused', () => {
    expect(() =>
      jit((y0: Tensor) => solveOde(decay, y0, { t0: 0, t1: 1, onProgress: () => true }).ys)(f64([1])),
    ).toThrow(/onProgress needs a solve outside jit/);
  });
});

describe('odeStepper', () => {
  test('steps as solveOde does, compiled once, and stands still at the end', () => {
    const options = { t0: 0, t1: 2, rtol: 1e-8, atol: 1e-8 };
    const stepper = odeStepper(wave, options);
    const step = jit(stepper.step);
    let now = stepper.start(f64([1, 0]));
    let attempts = 0;
    for (; !now.done.toArray() && now.code.item() === 0; attempts++) now = step(now);
    const whole = solveOde(wave, f64([1, 0]), options);
    expect(gap(now.y, whole.ys)).toBe(0);
    expect([now.t.item(), now.nfe.item(), attempts]).toEqual([2, whole.nfe.item(), whole.steps.item()]);
    expect(step(now).accepted.item()).toBe(now.accepted.item());
  });

  test('refuses what needs a whole solve', () => {
    expect(() => odeStepper(wave, { t0: 0, t1: 1, saveAt: { dense: true } } as never)).toThrow(
      /saveAt needs a whole solve/,
    );
  });
});
