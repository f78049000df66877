import {
  diag,
  grad,
  hessian,
  jacfwd,
  jit,
  linalg,
  ones,
  stack,
  type Tensor,
  tensor,
  vmap,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, OdeError, type OdeSolver, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

const adaptive: [string, (options?: ode.ImplicitOptions) => OdeSolver][] = [
  ['sdirk2', ode.sdirk2],
  ['trBdf2', ode.trBdf2],
  ['kvaerno3', ode.kvaerno3],
  ['kvaerno4', ode.kvaerno4],
  ['kvaerno5', ode.kvaerno5],
  ['radauIIA5', ode.radauIIA5],
];

const robertson = (_t: Tensor, y: Tensor): Tensor => {
  const [a, b, c] = [0, 1, 2].map((i) => y.slice(i));
  const first = a.mul(-0.04).add(b.mul(c).mul(1e4));
  const last = b.square().mul(3e7);
  return stack([first, first.neg().sub(last), last], 0);
};

describe.each(adaptive)('%s', (_name, make) => {
  test("Robertson's reaction over eleven decades", () => {
    const tolerance = make().order < 3 ? 1e-5 : 1e-7;
    const solve = (t1: number) =>
      solveOde(robertson, f64([1, 0, 0]), {
        t0: 0,
        t1,
        solver: make(),
        rtol: tolerance,
        atol: tolerance * 1e-4,
        maxSteps: 20000,
      });
    // Reference: Hairer and Wanner's test set (t = 40), and the limit law (t = 1e11).
    const early = solve(40);
    expect(early.ys.slice(0).item()).toBeCloseTo(0.7158270688, make().order < 3 ? 4 : 5);
    expect(early.ys.slice(1).item() / 0.9185534765e-5).toBeCloseTo(1, make().order < 3 ? 2 : 4);
    const late = solve(1e11);
    expect(late.ys.slice(0).item() / 2.0833401e-8).toBeCloseTo(1, make().order < 3 ? 1 : 2);
    expect(late.ys.sum().item()).toBeCloseTo(1, 8);
    expect(late.accepted.item()).toBeLessThan(3000);
  });

  test('a stiff decay takes few steps, where an explicit method takes its stability', () => {
    const rates = f64([1, 50, 1e6]);
    const field = (_t: Tensor, y: Tensor): Tensor => y.mul(rates).neg();
    const { ys, accepted } = solveOde(field, f64([1, 1, 1]), { t0: 0, t1: 1, solver: make(), rtol: 1e-4, atol: 1e-4 });
    expect(gap(ys, f64([Math.exp(-1), 0, 0]))).toBeLessThan(2e-3);
    expect(accepted.item()).toBeLessThan(400);
  });

  test('rows as systems of their own give what each row alone gives', () => {
    const rates = f64([
      [1, 20],
      [3, 300],
      [0.5, 5],
    ]);
    const field = (by: Tensor) => (_t: Tensor, y: Tensor) =>
      y
        .mul(by)
        .neg()
        .add(y.slice('...', [1, 2]).square());
    const y0 = f64([
      [1, 0.5],
      [0.2, 1],
      [0.7, 0.1],
    ]);
    const tolerance = make().order < 3 ? 1e-5 : 1e-8;
    const options = { t0: 0, t1: 1, rtol: tolerance, atol: tolerance };
    const rows = solveOde(field(rates), y0, { ...options, solver: make({ independentRows: true }) }).ys;
    const whole = solveOde(field(rates), y0, { ...options, solver: make() }).ys;
    expect(gap(rows, whole)).toBeLessThan(tolerance);
  });
});

test('van der Pol, epsilon 1e-6, at t = 2', () => {
  const field = (_t: Tensor, y: Tensor): Tensor => {
    const [x, v] = [y.slice(0), y.slice(1)];
    return stack([v, x.square().neg().add(1).mul(v).sub(x).div(1e-6)], 0);
  };
  const { ys } = solveOde(field, f64([2, -0.66]), {
    t0: 0,
    t1: 2,
    solver: ode.radauIIA5(),
    rtol: 1e-7,
    atol: 1e-7,
    maxSteps: 20000,
  });
  // Hairer and Wanner's test set.
  expect(ys.slice(0).item()).toBeCloseTo(1.706167732170469, 5);
  expect(ys.slice(1).item()).toBeCloseTo(-0.8928097010248125, 5);
});

describe("M y' = f", () => {
  const field = (t: Tensor, y: Tensor): Tensor => stack([t.square().mul(3), y.slice(0).sub(y.slice(1))], 0);
  const mass = f64([
    [1, 0],
    [0, 0],
  ]);

  test('an algebraic component follows between the steps, too: y1 = y2 = t^3', () => {
    const { dense } = solveOde(field, f64([0, 0]), {
      t0: 0,
      t1: 1,
      solver: ode.radauIIA5(),
      mass,
      saveAt: { dense: true },
    });
    for (const t of [0.013, 0.3, 0.77, 1]) {
      expect(gap(evaluateDense(dense!, t), f64([t ** 3, t ** 3]))).toBeLessThan(1e-12);
    }
  });

  test.each([ode.sdirk2(), ode.implicitEuler()])('fixed steps of $name keep the constraint', (solver) => {
    const { ys } = solveOde(field, f64([0, 0]), { t0: 0, t1: 1, solver, steps: 100, mass });
    expect(ys.slice(0).sub(ys.slice(1)).abs().item()).toBeLessThan(1e-12);
    expect(ys.slice(1).item()).toBeCloseTo(1, solver.order === 1 ? 1 : 4);
  });

  test('a regular M is the same as M^-1 f', () => {
    const full = f64([
      [2, 1],
      [0.5, 3],
    ]);
    const matrix = f64([
      [-1, 4],
      [-3, -2],
    ]);
    const { ys } = solveOde((_t, y: Tensor) => matrix.matmul(y), f64([1, 2]), {
      t0: 0,
      t1: 1,
      solver: ode.radauIIA5(),
      mass: full,
      rtol: 1e-10,
      atol: 1e-10,
    });
    expect(gap(ys, linalg.expm(linalg.solve(full, matrix)).matmul(f64([1, 2])))).toBeLessThan(1e-8);
  });

  test('wrong solvers and shapes are refused', () => {
    expect(() => solveOde(field, f64([0, 0]), { t0: 0, t1: 1, mass })).toThrow(
      /dopri5 takes no mass matrix\. Use radauIIA5/,
    );
    expect(() => solveOde(field, f64([0, 0]), { t0: 0, t1: 1, solver: ode.radauIIA5(), mass: ones([3, 3]) })).toThrow(
      /must have shape \[2, 2\]/,
    );
  });
});

describe("Newton's iteration", () => {
  test('equations without a solution are a named outcome', () => {
    // y' = y^2 in one step of 1 from 1: k = (1 + k)^2 has no real root.
    const fixed = (): unknown =>
      solveOde((_t, y: Tensor) => y.square(), f64([1]), { t0: 0, t1: 1, steps: 1, solver: ode.implicitEuler() });
    expect(fixed).toThrow(OdeError);
    expect(fixed).toThrow(/notSolved at t = 0, step 1.*Take smaller steps/);
    const solution = solveOde((_t, y: Tensor) => y.square(), f64([1]), {
      t0: 0,
      t1: 1,
      steps: 1,
      solver: ode.implicitEuler(),
      throw: false,
    });
    expect([ode.outcomes[solution.code.item()].name, solution.ys.item()]).toEqual(['notSolved', 1]);
  });

  test('works in f32, for trees, for large and tiny states, for empty ones, and under vmap', () => {
    const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
    for (const solver of [ode.trapezoid(), ode.radauIIA5(), ode.kvaerno3()]) {
      for (const scale of [1, 1e20, 1e-20, 0]) {
        const { ys } = solveOde(decay, tensor([scale]), { t0: 0, t1: 1, steps: 20, solver });
        expect(Math.abs(ys.item() - scale * Math.exp(-1))).toBeLessThanOrEqual(scale * 1e-3);
      }
      const tree = solveOde(
        (_t, { a, b }) => ({ a: b, b: a.neg().astype('f64') }),
        { a: tensor([1]), b: f64([0]) },
        { t0: 0, t1: 1, steps: 40, solver },
      );
      expect(tree.ys.a.dtype).toBe('f32');
      expect(tree.ys.a.item()).toBeCloseTo(Math.cos(1), 3);
      expect(solveOde(decay, tensor([], { dtype: 'f64' }), { t0: 0, t1: 1, steps: 2, solver }).ys.shape).toEqual([0]);
    }
    const rows = vmap(
      (rate: Tensor) =>
        solveOde((_t, y: Tensor) => y.mul(rate).neg(), f64(1), {
          t0: 0,
          t1: 1,
          solver: ode.kvaerno5(),
          rtol: 1e-8,
          atol: 1e-10,
        }).ys,
    );
    expect(gap(rows(f64([1, 50, 1000])), f64([Math.exp(-1), Math.exp(-50), 0]))).toBeLessThan(1e-8);
  });

  test('derivatives are those of the equations solved: first and second order', () => {
    const end = (solver: OdeSolver, extra: object) => (p: Tensor) =>
      solveOde((_t, y: Tensor) => y.mul(p.slice(0)).neg().add(p.slice(1).sin()), f64([1]), {
        t0: 0,
        t1: 1,
        solver,
        ...extra,
      }).ys.sum();
    // y = e^-a + sin(b) (1 - e^-a) / a
    const truth = (p: Tensor): Tensor => {
      const [a, b] = [p.slice(0), p.slice(1)];
      return a
        .neg()
        .exp()
        .add(b.sin().mul(a.neg().exp().neg().add(1)).div(a));
    };
    const at = f64([1.3, 0.4]);
    for (const solver of [ode.radauIIA5(), ode.kvaerno4()]) {
      const solve = end(solver, { steps: 20 });
      expect(gap(jit(grad(solve))(at), grad(truth)(at))).toBeLessThan(1e-6);
      expect(gap(jacfwd(solve)(at) as Tensor, grad(truth)(at))).toBeLessThan(1e-6);
      expect(gap(hessian(solve)(at) as Tensor, hessian(truth)(at) as Tensor)).toBeLessThan(1e-5);
    }
    const reverse = end(ode.kvaerno3(), { rtol: 1e-7, atol: 1e-7, reverseMode: true, maxSteps: 400 });
    expect(gap(grad(reverse)(at), grad(truth)(at))).toBeLessThan(1e-6);
  });

  test('independent rows need a shared first axis', () => {
    expect(() =>
      solveOde((_t, y: Tensor) => y.neg(), f64(1), {
        t0: 0,
        t1: 1,
        steps: 1,
        solver: ode.implicitEuler({ independentRows: true }),
      }),
    ).toThrow(/independentRows needs leaves that share their first axis/);
  });
});

test('the largest eigenvalue does not matter to an L-stable step: it is damped', () => {
  const field = (_t: Tensor, y: Tensor): Tensor => diag(f64([-1, -1e8])).matmul(y);
  for (const make of [
    ode.implicitEuler,
    ode.sdirk2,
    ode.trBdf2,
    ode.kvaerno3,
    ode.kvaerno4,
    ode.kvaerno5,
    ode.radauIIA5,
  ]) {
    const { ys } = solveOde(field, f64([1, 1]), { t0: 0, t1: 1, steps: 4, solver: make() });
    expect(Math.abs(ys.slice(1).item())).toBeLessThan(1e-4);
  }
});
