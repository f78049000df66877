import { linalg, stack, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, type OdeSolver, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

const matrix = f64([
  [-0.3, 1.7, 0.2],
  [-1.4, 0.1, 0.6],
  [0.5, -0.8, -0.2],
]);
const start = f64([1, -0.5, 2]);
const linear = (_t: Tensor, y: Tensor): Tensor => matrix.matmul(y);
const exact = (t: number): Tensor => linalg.expm(matrix.mul(t)).matmul(start);

/** A driven pendulum: nonlinear, and time enters. */
const pendulum = (t: Tensor, y: Tensor): Tensor => stack([y.slice(1), y.slice(0).sin().neg().add(t.cos().mul(0.3))], 0);
const swing = solveOde(pendulum, f64([1, 0]), { t0: 0, t1: 2, solver: ode.dopri8(), steps: 100 }).ys;

/** Solvers and numbers of steps at which their errors are small and above rounding. */
const methods: [OdeSolver, number][] = [
  [ode.euler(), 400],
  [ode.midpoint(), 60],
  [ode.heun(), 60],
  [ode.ralston(), 60],
  [ode.heun3(), 40],
  [ode.rk4(), 30],
  [ode.rk38(), 30],
  [ode.adamsBashforth(2), 100],
  [ode.adamsBashforth(3), 80],
  [ode.adamsBashforth(), 80],
  [ode.adamsBashforth(5), 80],
  [ode.adamsMoulton(2), 60],
  [ode.adamsMoulton(3), 60],
  [ode.adamsMoulton(), 60],
  [ode.adamsMoulton(5), 60],
  [ode.fehlberg2(), 60],
  [ode.bosh3(), 40],
  [ode.tsit5(), 20],
  [ode.dopri5(), 20],
  [ode.dopri8(), 5],
  [ode.implicitEuler(), 200],
  [ode.implicitMidpoint(), 40],
  [ode.trapezoid(), 40],
  [ode.sdirk2(), 40],
  [ode.trBdf2(), 40],
  [ode.kvaerno3(), 40],
  [ode.kvaerno4(), 40],
  [ode.kvaerno5(), 16],
  [ode.radauIIA5(), 12],
];

describe.each(methods.map(([solver, steps]) => ({ name: solver.name, solver, steps })))(
  '$name',
  ({ solver, steps }) => {
    const order = (errorAt: (count: number) => number): number => Math.log2(errorAt(steps) / errorAt(2 * steps));

    test('has its order against the matrix exponential, and against a driven pendulum', () => {
      const onLinear = order((count) =>
        gap(solveOde(linear, start, { t0: 0, t1: 2, solver, steps: count }).ys, exact(2)),
      );
      const onPendulum = order((count) =>
        gap(solveOde(pendulum, f64([1, 0]), { t0: 0, t1: 2, solver, steps: count }).ys, swing),
      );
      // dopri8 is one order better on this system.
      expect(onLinear).toBeGreaterThan(solver.order - 0.25);
      expect(onLinear).toBeLessThan(solver.order + (solver.order === 8 ? 1.3 : 0.3));
      expect(Math.abs(onPendulum - solver.order)).toBeLessThan(0.25);
    });

    test('follows the tolerance, if it has an error estimate', () => {
      if (solver.errorOrder === null) {
        expect(() => solveOde(linear, start, { t0: 0, t1: 1, solver })).toThrow(/no error estimate/);
        return;
      }
      const tolerance = solver.order < 3 ? 1e-5 : 1e-8;
      const { ys, accepted } = solveOde(pendulum, f64([1, 0]), {
        t0: 0,
        t1: 2,
        solver,
        rtol: tolerance,
        atol: tolerance,
      });
      // Fehlberg's first order is so good that it hardly differs from the second.
      expect(gap(ys, swing)).toBeLessThan((solver.name === 'fehlberg2' ? 300 : 30) * tolerance);
      expect(accepted.item()).toBeGreaterThan(2);
    });

    test('goes backwards in time', () => {
      const there = solveOde(linear, start, { t0: 0, t1: 1, solver, steps: 20 * steps }).ys;
      const back = solveOde(linear, there, { t0: 1, t1: 0, solver, steps: 20 * steps }).ys;
      expect(gap(back, start)).toBeLessThan(solver.order === 1 ? 1e-2 : 1e-4);
    });
  },
);

/** The order of the error between steps. */
const denseOrders: [OdeSolver, number, number][] = [
  [ode.euler(), 1, 100],
  [ode.rk4(), 4, 30],
  [ode.bosh3(), 3, 40],
  [ode.tsit5(), 5, 40],
  [ode.dopri5(), 5, 40],
  [ode.dopri8(), 6, 10],
  [ode.implicitEuler(), 1, 100],
  [ode.sdirk2(), 2, 40],
  [ode.trBdf2(), 2, 40],
  [ode.kvaerno5(), 4, 16],
  [ode.radauIIA5(), 4, 16],
  [ode.adamsBashforth(4), 4, 60],
];

test.each(denseOrders.map(([solver, order, steps]) => ({ name: solver.name, solver, order, steps })))(
  'between the steps the error of $name is O(h^$order), and it meets the steps',
  ({ solver, order, steps }) => {
    const times = Array.from({ length: 40 }, (_, i) => (2 * (i + 0.37)) / 40);
    const truth = stack(times.map(exact), 0);
    const errorAt = (count: number): number => {
      const { dense } = solveOde(linear, start, { t0: 0, t1: 2, solver, steps: count, saveAt: { dense: true } });
      return gap(evaluateDense(dense!, times), truth);
    };
    const measured = Math.log2(errorAt(steps) / errorAt(2 * steps));
    expect(measured).toBeGreaterThan(order - 0.5);
    expect(measured).toBeLessThan(order + 0.8);
    const options = { t0: 0, t1: 2, solver, steps: 7 };
    const { dense } = solveOde(linear, start, { ...options, saveAt: { dense: true } });
    const { ts, ys } = solveOde(linear, start, { ...options, saveAt: { steps: true } });
    expect(gap(evaluateDense(dense!, ts), ys)).toBeLessThan(2e-14);
    // From before each step, too.
    expect(gap(evaluateDense(dense!, ts.sub(1e-12)), ys)).toBeLessThan(1e-10);
  },
);

describe('fixed steps by hand', () => {
  test("implicit Euler for y' = -y is 1 / (1 + h) a step", () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const { ys } = solveOde((_t, y: Tensor) => y.neg(), tensor([1], { dtype }), {
        t0: 0,
        t1: 1,
        step: 0.05,
        solver: ode.implicitEuler(),
      });
      expect(ys.item()).toBeCloseTo(0.37688948, dtype === 'f32' ? 6 : 8);
    }
  });

  test('rk4 with a step that does not divide the interval', () => {
    const { ys } = solveOde((_t, y: Tensor) => y, f64([1]), { t0: 0, t1: 1, step: 0.3, solver: ode.rk4() });
    expect(ys.item()).toBeCloseTo(2.7181528975017692, 14);
  });

  test('saved times do not change the steps', () => {
    const { ys } = solveOde((_t, y: Tensor) => y.neg(), f64([1]), {
      t0: 0,
      t1: 10,
      solver: ode.rk4(),
      steps: 200,
      saveAt: { ts: [0, 10] },
    });
    expect(Math.abs(ys.slice(1).item() - Math.exp(-10))).toBeLessThan(1e-9);
  });

  test('an Adams method keeps its order on steps of different sizes', () => {
    const solver = ode.adamsBashforth(4);
    const grid = (count: number): number[] => Array.from({ length: count + 1 }, (_, i) => 2 * (i / count) ** 1.5);
    const errorAt = (count: number): number => gap(solveOde(linear, start, { grid: grid(count), solver }).ys, exact(2));
    expect(Math.abs(Math.log2(errorAt(80) / errorAt(160)) - 4)).toBeLessThan(0.3);
  });

  test('evaluations: Adams-Bashforth one a step, Adams-Moulton two', () => {
    const count = (solver: OdeSolver): number =>
      solveOde(linear, start, { t0: 0, t1: 1, solver, steps: 50 }).nfe.item();
    // The first three (two) steps are those of rk4, which know their first stage.
    expect(count(ode.adamsBashforth(4))).toBe(1 + 50 + 3 * 3);
    expect(count(ode.adamsMoulton(4))).toBe(1 + 2 * 48 + 2 * 4);
  });

  test('an order that is not offered, and a tableau with too many weights, are refused', () => {
    expect(() => ode.adamsBashforth(6)).toThrow(/must be 1 to 5, got 6/);
    expect(() => ode.adamsMoulton(1)).toThrow(/must be 2 to 5, got 1/);
    expect(() => ode.adamsMoulton(4, { corections: 2 } as object)).toThrow(/Did you mean corrections\?/);
    expect(() => ode.diagonallyImplicit({ name: 'odd', order: 1, c: [1], a: [[0.5, 0.5]], b: [1] })).toThrow(
      /at most 1 entries in row 0/,
    );
  });
});
