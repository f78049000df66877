import { grad, jacfwd, jit, jvp, linalg, stack, type Tensor, tensor, valueAndGrad } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, type SolveOptions, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();

const tight = { rtol: 1e-9, atol: 1e-9 };
const reverse = { reverseMode: true, maxSteps: 150 };
const ways: [string, Partial<SolveOptions<Tensor, Tensor>>][] = [
  ['reverseMode', { ...tight, ...reverse }],
  ['reverseMode with checkpoints', { ...tight, ...reverse, checkpoint: true }],
  ['backsolve', { ...tight, adjoint: 'backsolve' }],
  ['fixed steps', { steps: 400, solver: ode.rk4() }],
];

describe.each(ways)('%s', (name, way) => {
  test('the gradient of a loss over saved times, by parameters; the same compiled', () => {
    const field = (_t: Tensor, y: Tensor, p: Tensor): Tensor =>
      stack([p.slice(0).mul(y.slice(0)).neg().add(2), y.slice(0).sub(p.slice(1).mul(y.slice(1)))], 0);
    const more = name.startsWith('reverse') ? { maxSteps: 500, rtol: 1e-8, atol: 1e-8 } : {};
    const solve = (p: Tensor): Tensor => {
      const saveAt = name === 'backsolve' || !way.adjoint ? { ts: [0, 0.5, 0.75, 20] } : {};
      return solveOde(field, f64([1, 1]), { t0: 0, t1: 20, args: p, saveAt, ...way, ...more })
        .ys.sub(1)
        .square()
        .sum();
    };
    const both = valueAndGrad(solve);
    for (const run of [both, jit(both)]) {
      const [value, gradient] = run(f64([2.5, 4.5]));
      expect(value.item()).toBeCloseTo(1.8916149325, 4);
      expect(gap(gradient, f64([0.5613744602, 0.2812853277]))).toBeLessThan(name === 'fixed steps' ? 2e-5 : 1e-6);
    }
  });

  test('the gradient by saved times, y0 and both ends', () => {
    if (name !== 'fixed steps') {
      const bySaved = grad((ts: Tensor) =>
        solveOde(decay, f64([1]), { t0: 0, t1: 1, ...(way as object), saveAt: { ts } }).ys.sum(),
      );
      expect(gap(bySaved(f64([0.3, 0.5])), f64([-0.7408182207, -0.6065306597]))).toBeLessThan(1e-6);
    }
    // y = y0 exp((t1^2 - t0^2) / 2)
    const field = (t: Tensor, y: Tensor): Tensor => y.mul(t);
    const end = (y0: Tensor, t0: Tensor, t1: Tensor): Tensor =>
      solveOde(field, y0, { t0, t1, ...(way as object) }).ys.sum();
    const [byStart, byT0, byT1] = grad(end, { argnums: [0, 1, 2] })(f64([2]), f64(0.4), f64(1.2));
    const factor = Math.exp((1.44 - 0.16) / 2);
    expect(byStart.item()).toBeCloseTo(factor, 6);
    expect(byT0.item()).toBeCloseTo(-0.4 * 2 * factor, 5);
    expect(byT1.item()).toBeCloseTo(1.2 * 2 * factor, 5);
  });

  test("f at the edge of its domain: y' = p sqrt t from 0", () => {
    const end = (p: Tensor): Tensor =>
      solveOde((t, y: Tensor, by: Tensor) => t.sqrt().mul(by).add(y.mul(0)), f64([1]), {
        t0: 0,
        t1: 0.008,
        args: p,
        ...way,
      }).ys.sum();
    expect(grad(end)(f64(1)).item()).toBeCloseTo(4.770278352e-4, 7);
  });

  test('backwards in time, for trees', () => {
    const end = (x: Tensor): Tensor => {
      const { ys } = solveOde(
        (_t, { a, b }) => ({ a: b, b: a.neg() }),
        { a: x, b: f64(0.5) },
        { t0: 1, t1: -1, ...(way as object) },
      );
      return ys.a.add(ys.b.mul(2));
    };
    // A rotation by 2, backwards.
    expect(grad(end)(f64(0.3)).item()).toBeCloseTo(Math.cos(2) + 2 * Math.sin(2), 5);
  });
});

describe('the error of a derivative counts in the choice of the steps', () => {
  const rest = (extra: object) => (p: Tensor) =>
    solveOde((_t, y: Tensor, by: Tensor) => by.sub(y), f64([1]), { t0: 0, t1: 20, args: p, ...extra }).ys.sum();
  const still = (extra: object) => (y0: Tensor) => solveOde(decay, y0, { t0: 0, t1: 20, ...extra }).ys.sum();

  test('a state at rest does not hide the stiffness of its derivative', () => {
    expect(jvp(rest({}), [f64(1)], [f64(1)])[1].item()).toBeCloseTo(1, 4);
    expect(jvp(still({}), [f64([0])], [f64([1])])[1].item()).toBeCloseTo(0, 5);
    for (const way of [reverse, { adjoint: 'backsolve' }]) {
      expect(grad(rest(way))(f64(1)).item()).toBeCloseTo(1, 4);
      expect(grad(still(way))(f64([0])).item()).toBeCloseTo(0, 5);
    }
    expect((jacfwd(still({}))(f64([0])) as Tensor).item()).toBeCloseTo(0, 5);
  });

  test('along all steps and in dense output, too', () => {
    const field = (p: Tensor) => (_t: Tensor, y: Tensor) => p.sub(y);
    const options = { t0: 0, t1: 20, maxSteps: 100 };
    const dense = (p: Tensor): Tensor =>
      evaluateDense(solveOde(field(p), f64([1]), { ...options, saveAt: { dense: true } }).dense!, f64([1, 15]));
    const steps = (p: Tensor): Tensor =>
      solveOde(field(p), f64([1]), { ...options, saveAt: { steps: true } }).ys.slice(-1);
    const saved = (p: Tensor): Tensor => solveOde(field(p), f64([1]), { ...options, saveAt: { ts: [1, 15] } }).ys;
    for (const solve of [dense, saved]) {
      for (const slope of [jvp(solve, [f64(1)], [f64(1)])[1], jacfwd(solve)(f64(1)) as Tensor]) {
        expect(gap(slope.reshape([2]), f64([1 - Math.exp(-1), 1]))).toBeLessThan(1e-4);
      }
    }
    expect(jvp(steps, [f64(1)], [f64(1)])[1].item()).toBeCloseTo(1, 4);
    expect(() => grad((p: Tensor) => dense(p).sum())(f64(1))).toThrow(/reverseMode: true/);
    const reversed = (p: Tensor): Tensor =>
      evaluateDense(
        solveOde(field(p), f64([1]), { ...options, saveAt: { dense: true }, reverseMode: true }).dense!,
        15,
      ).sum();
    expect(grad(reversed)(f64(1)).item()).toBeCloseTo(1, 4);
  });

  test('and the values stay those of the plain solve, to the bit', () => {
    const y0 = f64([0.3, -2]);
    const solve = (x: Tensor): Tensor => solveOde((t, y: Tensor) => y.sin().add(t), x, { t0: 0, t1: 2 }).ys;
    expect(numbers(jvp(solve, [y0], [f64([1, 5])])[0])).toEqual(numbers(solve(y0)));
  });

  test('it can be switched off', () => {
    const loose = jvp(rest({ derivativeError: false }), [f64(1)], [f64(1)])[1].item();
    expect(Math.abs(loose - 1)).toBeGreaterThan(1e-3);
  });
});

test("times that move do not pull the others along: y' = sqrt t from 0, by t1", () => {
  const end = (t1: Tensor): Tensor =>
    solveOde((t, y: Tensor) => t.sqrt().add(y.mul(0)), f64([1]), { t0: 0, t1, steps: 400, solver: ode.rk4() }).ys.sum();
  for (const slope of [grad(end)(f64(0.008)), jvp(end, [f64(0.008)], [f64(1)])[1]]) {
    expect(slope.item()).toBeCloseTo(0.0894427, 5);
  }
});

test('second derivatives: of the flow, in both modes', () => {
  // y = y0 / (1 - y0 t): d2y/dy0^2 = 2 t / (1 - y0 t)^3
  const end = (extra: object) => (y0: Tensor) =>
    solveOde((_t, y: Tensor) => y.square(), y0, { t0: 0, t1: 1, ...tight, ...extra }).ys.sum();
  const truth = 2 / 0.7 ** 3;
  const one = f64([1]);
  const forward = (f: (y: Tensor) => Tensor) => (y0: Tensor) => jvp(f, [y0], [one])[1];
  expect(forward(forward(end({})))(f64([0.3])).item()).toBeCloseTo(truth, 4);
  expect(forward((y0: Tensor) => grad(end(reverse))(y0).sum())(f64([0.3])).item()).toBeCloseTo(truth, 4);
  expect(grad((y0: Tensor) => grad(end(reverse))(y0).sum())(f64([0.3])).item()).toBeCloseTo(truth, 4);
});

test('a gradient of a solve that did not reach its end is NaN, not a number', () => {
  const end = (y0: Tensor): Tensor => solveOde(decay, y0, { t0: 0, t1: 50, reverseMode: true, maxSteps: 5 }).ys.sum();
  expect(Number.isNaN(grad(end)(f64([1])).item())).toBe(true);
});

describe('errors that help', () => {
  test('reverse mode through an adaptive solve names the options that let it pass', () => {
    for (const saveAt of [{}, { ts: [0.5] }]) {
      const end = (y0: Tensor): Tensor => solveOde(decay, y0, { t0: 0, t1: 1, saveAt }).ys.sum();
      expect(() => grad(end)(f64([1]))).toThrow(/reverseMode: true.*adjoint: 'backsolve'.*steps/);
      expect(() => jit(grad(end))(f64([1]))).toThrow(/reverseMode: true/);
    }
  });

  test('backsolve says what it does not go with', () => {
    expect(() => solveOde(decay, f64([1]), { t0: 0, t1: 1, adjoint: 'backsolve', saveAt: { dense: true } })).toThrow(
      /does not go with saveAt\.dense/,
    );
    expect(() => solveOde(decay, f64([1]), { t0: 0, t1: 1, adjoint: 'backslove' as 'backsolve' })).toThrow(
      /adjoint must be 'backsolve'/,
    );
  });
});

test('backsolve takes what f closes over, too', () => {
  const end = (p: Tensor): Tensor =>
    solveOde((_t, y: Tensor) => y.mul(p).mul(f64(2)), f64([1]), {
      t0: 0,
      t1: 1,
      ...tight,
      adjoint: 'backsolve',
    }).ys.sum();
  for (const slope of [grad(end), jit(grad(end))]) expect(slope(f64(0.3)).item()).toBeCloseTo(2 * Math.exp(0.6), 6);
});

test('backsolve passes integer arguments by, and implicit solvers through', () => {
  const matrix = f64([
    [-1, 2],
    [-3, -0.5],
  ]);
  const end =
    (extra: object) =>
    (a: Tensor): Tensor =>
      solveOde((_t, y: Tensor, { by, flag }) => by.matmul(y).mul(flag.astype('f64')), f64([1, 2]), {
        t0: 0,
        t1: 1,
        args: { by: a, flag: tensor(1, { dtype: 'i32' }) },
        ...extra,
      }).ys.sum();
  const truth = grad((a: Tensor) =>
    linalg
      .expm(a)
      .matmul(f64([1, 2]))
      .sum(),
  )(matrix);
  expect(gap(grad(end({ ...tight, adjoint: 'backsolve' }))(matrix), truth)).toBeLessThan(1e-6);
  expect(
    gap(grad(end({ rtol: 1e-7, atol: 1e-7, adjoint: 'backsolve', solver: ode.kvaerno5() }))(matrix), truth),
  ).toBeLessThan(1e-5);
  expect(gap(grad(end({ steps: 200, solver: ode.rk4(), adjoint: 'backsolve' }))(matrix), truth)).toBeLessThan(1e-6);
});
