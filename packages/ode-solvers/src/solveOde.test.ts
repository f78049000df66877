import { concat, grad, jit, jvp, linalg, type Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dopri5, euler, evaluateDense, heun, midpoint, type OdeSolver, rk4, rungeKutta, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

const generator = [
  [-0.3, 1.7, 0.2],
  [-1.4, 0.1, 0.6],
  [0.5, -0.8, -0.2],
];
const matrix = f64(generator);
const start = f64([1, -0.5, 2]);
const linear = (_t: Tensor, y: Tensor): Tensor => matrix.matmul(y);
const exact = (t: number): Tensor => linalg.expm(matrix.mul(t)).matmul(start);

/** The slope of log error against log step size. */
function measuredOrder(errorAt: (steps: number) => number, coarse: number): number {
  return Math.log2(errorAt(coarse) / errorAt(2 * coarse));
}

/** Solvers, and numbers of steps at which their errors are small and above rounding. */
const methods: [string, OdeSolver, number][] = [
  ['euler', euler(), 400],
  ['midpoint', midpoint(), 60],
  ['heun', heun(), 60],
  ['rk4', rk4(), 30],
  ['dopri5', dopri5(), 20],
];

describe('fixed steps', () => {
  test.each(methods)('the error of %s has the order it states', (_name, solver, steps) => {
    const errorAt = (count: number): number =>
      gap(solveOde(linear, start, { t0: 0, t1: 2, solver, steps: count }).ys, exact(2));
    expect(Math.abs(measuredOrder(errorAt, steps) - solver.order)).toBeLessThan(0.15);
  });

  test.each(methods)(
    '%s has its order when time enters: the Gaussian flow x(t) = x0 sqrt(V), V = s^2 sin^2 t + cos^2 t',
    (_name, solver, steps) => {
      const s2 = 0.25;
      const x0 = f64([1, -2]);
      const flow = x0.mul(Math.sqrt(s2 * Math.sin(1.2) ** 2 + Math.cos(1.2) ** 2));
      const field = (t: Tensor, x: Tensor): Tensor => {
        const variance = t.sin().square().mul(s2).add(t.cos().square());
        return x.mul(
          t
            .mul(2)
            .sin()
            .mul((s2 - 1) / 2)
            .div(variance),
        );
      };
      const errorAt = (count: number): number =>
        gap(solveOde(field, x0, { t0: 0, t1: 1.2, solver, steps: count }).ys, flow);
      expect(Math.abs(measuredOrder(errorAt, 2 * steps) - solver.order)).toBeLessThan(0.15);
    },
  );

  test('going there and back returns to the start', () => {
    const there = solveOde(linear, start, { t0: 0, t1: 2, solver: rk4(), steps: 100 }).ys;
    expect(gap(solveOde(linear, there, { t0: 2, t1: 0, solver: rk4(), steps: 100 }).ys, start)).toBeLessThan(1e-6);
  });

  test('a step size that does not divide the interval, and a grid, meet the ends', () => {
    const one = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(1);
    const stepped = solveOde(one, f64([0]), { t0: 0, t1: 1, solver: euler(), step: 0.3, saveAt: { steps: true } });
    numbers(stepped.ts).forEach((t, i) => {
      expect(t).toBeCloseTo([0, 0.3, 0.6, 0.9, 1][i], 14);
    });
    expect(gap(stepped.ys.reshape([-1]), stepped.ts)).toBeLessThan(1e-14);
    expect(solveOde(one, f64([0]), { t0: 1, t1: 0, solver: euler(), step: 0.1 }).steps.item()).toBe(10);
    const back = solveOde(one, f64([0]), { grid: [1, 0.25, -1], solver: euler() });
    expect(numbers(back.ys)).toEqual([-2]);
    expect(back.t.item()).toBe(-1);
  });

  test.each(methods)('%s evaluates f as often as stated', (_name, solver) => {
    const solution = solveOde(linear, start, { t0: 0, t1: 1, solver, steps: 7 });
    expect(solution.nfe.item()).toBe(solver.name === 'dopri5' ? 6 * 7 + 1 : solver.stages * 7);
    expect([solution.steps.item(), solution.accepted.item(), solution.rejected.item()]).toEqual([7, 7, 0]);
  });

  test('the gradient through the steps equals finite differences', () => {
    const loss = (y0: Tensor, rate: Tensor): Tensor =>
      solveOde((t, y) => y.mul(rate).sin().add(t), y0, { t0: 0, t1: 1.5, solver: rk4(), steps: 6 })
        .ys.square()
        .sum();
    const y0 = f64([0.3, -0.7]);
    const rate = f64([1.1, 0.4]);
    for (const argnums of [0, 1]) {
      const found = numbers(grad(loss, { argnums })(y0, rate));
      found.forEach((value, i) => {
        const nudge = f64([0, 1].map((k) => (k === i ? 1e-6 : 0)));
        const at = (sign: number): number => {
          const moved = [y0, rate].map((x, k) => (k === argnums ? x.add(nudge.mul(sign)) : x));
          return loss(moved[0], moved[1]).item();
        };
        expect(value).toBeCloseTo((at(1) - at(-1)) / 2e-6, 7);
      });
    }
  });

  test('checkpointing does not change the gradient', () => {
    const loss = (checkpoint: boolean) => (y0: Tensor) =>
      solveOde((_t, y: Tensor) => y.sin(), y0, { t0: 0, t1: 1, solver: midpoint(), steps: 5, checkpoint }).ys.sum();
    const y0 = f64([0.3, -0.7]);
    expect(gap(grad(loss(true))(y0), grad(loss(false))(y0))).toBeLessThan(1e-14);
  });

  test('jit gives what the eager call gives', () => {
    const solve = (y0: Tensor): Tensor => solveOde(linear, y0, { t0: 0, t1: 1, solver: heun(), steps: 9 }).ys;
    expect(gap(jit(solve)(start), solve(start))).toBeLessThan(1e-14);
  });
});

describe('adaptive steps', () => {
  test('the error of dopri5 follows the tolerance', () => {
    const errors = [1e-4, 1e-6, 1e-8, 1e-10].map((tolerance) => {
      const { ys } = solveOde(linear, start, { t0: 0, t1: 3, rtol: tolerance, atol: tolerance });
      return { tolerance, error: gap(ys, exact(3)) };
    });
    for (const { tolerance, error } of errors) {
      expect(error).toBeLessThan(20 * tolerance);
      expect(error).toBeGreaterThan(tolerance / 1e3);
    }
  });

  test('heun adapts by its embedded Euler step', () => {
    expect(
      gap(solveOde(linear, start, { t0: 0, t1: 1, solver: heun(), rtol: 1e-5, atol: 1e-5 }).ys, exact(1)),
    ).toBeLessThan(1e-4);
  });

  test('going there and back returns to the start', () => {
    const options = { rtol: 1e-9, atol: 1e-9 };
    const there = solveOde(linear, start, { t0: 0, t1: 2, ...options }).ys;
    expect(gap(solveOde(linear, there, { t0: 2, t1: 0, ...options }).ys, start)).toBeLessThan(1e-7);
  });

  test('a state of mixed dtypes keeps them, and time has the widest', () => {
    const y0 = { x: tensor([1, 2]), l: f64([0, 0]) };
    const times = new Set<string>();
    const { ys, t } = solveOde(
      (time, { x, l }) => {
        times.add(time.dtype);
        return { x: x.neg(), l: x.astype('f64').add(l.mul(0)) };
      },
      y0,
      { t0: 0, t1: 1, rtol: 1e-6, atol: 1e-6 },
    );
    expect([ys.x.dtype, ys.l.dtype, t.dtype, ...times]).toEqual(['f32', 'f64', 'f64', 'f64']);
    expect(gap(ys.l, f64([1, 2]).mul(1 - Math.exp(-1)))).toBeLessThan(1e-5);
  });

  test('each attempt costs six evaluations, the start one, and the choice of the first step one more', () => {
    const forced = solveOde(linear, start, { t0: 0, t1: 5, firstStep: 2 });
    expect(forced.rejected.item()).toBeGreaterThan(0);
    expect(forced.steps.item()).toBe(forced.accepted.item() + forced.rejected.item());
    expect(forced.nfe.item()).toBe(6 * forced.steps.item() + 1);
    const chosen = solveOde(linear, start, { t0: 0, t1: 5 });
    expect(chosen.nfe.item()).toBe(6 * chosen.steps.item() + 2);
  });

  test('saved times are met to the accuracy of the solve, in either direction', () => {
    for (const ts of [
      [0, 0.3, 1.1, 2],
      [2, 1.4, 0.2, 0],
    ]) {
      const [t0, t1] = [ts[0], ts[3]];
      const y0 = exact(t0);
      const adaptive = solveOde(linear, y0, { t0, t1, rtol: 1e-9, atol: 1e-9, saveAt: { ts } });
      const fixed = solveOde(linear, y0, { t0, t1, steps: 200, saveAt: { ts } });
      ts.forEach((t, i) => {
        expect(gap(adaptive.ys.slice(i), exact(t))).toBeLessThan(1e-7);
        expect(gap(fixed.ys.slice(i), exact(t))).toBeLessThan(1e-7);
      });
      expect(numbers(adaptive.ts)).toEqual(ts);
    }
  });

  test('steps are saved without unused rows', () => {
    const { ys, ts, accepted } = solveOde(linear, start, { t0: 0, t1: 2, maxSteps: 60, saveAt: { steps: true } });
    expect(ys.shape).toEqual([accepted.item() + 1, 3]);
    numbers(ts).forEach((t, i) => {
      expect(gap(ys.slice(i), exact(t))).toBeLessThan(1e-3);
    });
    expect(ts.slice(-1).item()).toBe(2);
  });

  test('the largest error can replace the root mean square', () => {
    const lonely = (_t: Tensor, y: Tensor): Tensor => y.mul(f64([4, ...Array(63).fill(0)]));
    const y0 = f64(Array(64).fill(1));
    const steps = (norm: 'rms' | 'max'): number => solveOde(lonely, y0, { t0: 0, t1: 1, norm }).steps.item();
    expect(steps('max')).toBeGreaterThan(steps('rms'));
  });

  test('vmap adapts each row on its own', () => {
    const rates = f64([0.5, 3, 9]);
    const solve = (rate: Tensor): Tensor => {
      const { ys, nfe } = solveOde((t, y) => y.mul(rate.mul(t).cos()).mul(rate), f64([1, 2]), { t0: 0, t1: 1 });
      return ys.mul(1).add(nfe.astype('f64').mul(1000));
    };
    const all = vmap(solve)(rates);
    for (let i = 0; i < 3; i++) expect(gap(all.slice(i), solve(rates.slice(i)))).toBeLessThan(1e-9);
  });

  test('forward and reverse mode agree with the derivative of the flow', () => {
    const solve = (reverseMode: boolean) => (y0: Tensor) =>
      solveOde(linear, y0, {
        t0: 0,
        t1: 1,
        rtol: 1e-9,
        atol: 1e-9,
        ...(reverseMode ? { reverseMode, maxSteps: 80 } : {}),
      }).ys;
    const direction = f64([0.2, 1, -0.4]);
    const flow = linalg.expm(matrix);
    expect(gap(jvp(solve(false), [start], [direction])[1], flow.matmul(direction))).toBeLessThan(1e-7);
    const back = grad((y0: Tensor) => solve(true)(y0).mul(direction).sum())(start);
    expect(gap(back, flow.T.matmul(direction))).toBeLessThan(1e-7);
  });
});

describe('linear systems', () => {
  const system = fc.integer({ min: 1, max: 4 }).chain((size) => {
    const entry = fc.double({ min: -2, max: 2, noNaN: true });
    return fc.record({
      a: fc.array(fc.array(entry, { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
      y0: fc.array(entry, { minLength: size, maxLength: size }),
      ends: fc.tuple(entry, entry),
    });
  });

  test('of any size, over any interval, in any tree, follow the matrix exponential', () => {
    fc.assert(
      fc.property(system, ({ a, y0, ends: [t0, t1] }) => {
        const [rates, first] = [f64(a), f64(y0)];
        const options = { t0, t1, rtol: 1e-8, atol: 1e-8 };
        const whole = solveOde((_t, y: Tensor) => rates.matmul(y), first, options);
        const expected = linalg.expm(rates.mul(t1 - t0)).matmul(first);
        // The error of the end is that of the steps, amplified at most by the norm of the flow.
        const bound = 1e-6 * (1 + first.abs().max().item()) * Math.exp(Math.abs(t1 - t0) * rates.norm().item());
        expect(gap(whole.ys, expected)).toBeLessThan(bound);
        const parts = solveOde(
          (_t, { head, rest }) => {
            const slope = rates.matmul(concat([head, ...rest], 0));
            return { head: slope.slice([0, 1]), rest: rest.map((_, i) => slope.slice([i + 1, i + 2])) };
          },
          { head: first.slice([0, 1]), rest: y0.slice(1).map((_, i) => first.slice([i + 1, i + 2])) },
          options,
        );
        expect(gap(concat([parts.ys.head, ...parts.ys.rest], 0), whole.ys)).toBeLessThan(bound * 1e-3);
        expect(parts.nfe.item()).toBe(whole.nfe.item());
      }),
      { numRuns: 15 },
    );
  });
});

describe('dense output', () => {
  test.each([
    ['dopri5', dopri5(), 5],
    ['rk4', rk4(), 4],
    ['heun', heun(), 2],
  ] as [string, OdeSolver, number][])(
    'between the steps the error of %s falls with its order',
    (_name, solver, order) => {
      const errorAt = (steps: number): number => {
        const { dense } = solveOde(linear, start, { t0: 0, t1: 2, solver, steps, saveAt: { dense: true } });
        const times = Array.from({ length: 40 }, (_, i) => (2 * (i + 0.37)) / 40);
        return Math.max(...times.map((t) => gap(evaluateDense(dense!, t), exact(t))));
      };
      expect(Math.abs(measuredOrder(errorAt, 40) - order)).toBeLessThan(0.3);
    },
  );

  test('it works for vectors of times, under jit, backwards, and takes the nearest end outside', () => {
    const { dense } = solveOde(linear, exact(2), {
      t0: 2,
      t1: 0,
      rtol: 1e-8,
      atol: 1e-8,
      maxSteps: 100,
      saveAt: { dense: true },
    });
    const at = jit((t: Tensor) => evaluateDense(dense!, t))(f64([0.1, 1.9, -3, 5]));
    [0.1, 1.9, 0, 2].forEach((t, i) => {
      expect(gap(at.slice(i), exact(t))).toBeLessThan(1e-6);
    });
  });
});

describe('by hand and on manifolds', () => {
  test('a method of your own has its order, and a wrong tableau is refused by name', () => {
    const ralston = { name: 'ralston', order: 2, c: [0, 2 / 3], a: [[], [2 / 3]], b: [1 / 4, 3 / 4] };
    const solver = rungeKutta(ralston);
    const errorAt = (steps: number): number =>
      gap(solveOde(linear, start, { t0: 0, t1: 2, solver, steps }).ys, exact(2));
    expect(Math.abs(measuredOrder(errorAt, 60) - 2)).toBeLessThan(0.15);
    expect(() => rungeKutta({ ...ralston, b: [1 / 4, 1 / 4] })).toThrow(/ralston needs b to sum to 1, not 0.5/);
    expect(() => rungeKutta({ ...ralston, a: [[], [1 / 3]] })).toThrow(/row 1 of a to sum to c\[1\]/);
  });

  test('single steps with a kept last stage equal the solve', () => {
    const solver = dopri5();
    let y = start;
    let first: Tensor | undefined;
    for (let i = 0; i < 4; i++) {
      const step = solver.step(linear, f64(i / 4), y, f64(0.25), { first });
      expect(step.error!.abs().max().item()).toBeLessThan(1e-3);
      y = step.y;
      first = step.last;
    }
    expect(gap(y, solveOde(linear, start, { t0: 0, t1: 1, steps: 4 }).ys)).toBeLessThan(1e-14);
  });

  test('a projection keeps the state on the sphere and costs one evaluation more', () => {
    const turn = f64([
      [0, -1, 0.3],
      [1, 0, -0.6],
      [-0.3, 0.6, 0],
    ]);
    const spin = (_t: Tensor, y: Tensor): Tensor => y.matmul(turn.T);
    const y0 = f64([[0.6, 0, 0.8]]);
    const project = (y: Tensor): Tensor => y.div(y.norm({ axis: -1, keepDims: true }));
    const options = { t0: 0, t1: 4, rtol: 1e-3, atol: 1e-3, project, saveAt: { ts: [1, 2.5, 4] } };
    const solution = solveOde(spin, y0, options);
    expect(gap(solution.ys.norm({ axis: -1 }), f64([[1], [1], [1]]))).toBeLessThan(1e-14);
    expect(solution.nfe.item()).toBe(7 * solution.steps.item() + 2);
    expect(gap(solution.ys.slice(2), y0.matmul(linalg.expm(turn.mul(4)).T))).toBeLessThan(2e-2);
    expect(
      gap(solveOde(spin, y0, { t0: 0, t1: 4, steps: 5, solver: euler(), project }).ys.norm(), f64(1)),
    ).toBeLessThan(1e-14);
  });
});
