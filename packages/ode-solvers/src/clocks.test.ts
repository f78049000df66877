import {
  ArgumentError,
  grad,
  jacfwd,
  jit,
  jvp,
  linspace,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, OdeError, outcomes, type SolveOptions, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const gap = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();

describe('late clocks', () => {
  const cases = [10_000, 738_000, 2_460_000, -2_460_000].flatMap((t0) => [1, -1].map((length) => ({ t0, length })));
  test.each(cases)("y' = -y over $length from $t0 in f32, as from 0", ({ t0, length }) => {
    const truth = Math.exp(-length);
    const t1 = t0 + length;
    for (const times of [
      { t0, t1 },
      { t0: tensor(t0), t1: tensor(t1) },
    ]) {
      for (const steps of [
        {},
        { steps: 10, solver: ode.rk4() },
        { solver: ode.radauIIA5() },
        { solver: ode.tsit5() },
      ]) {
        const { ys, t } = solveOde(decay, tensor([1]), { ...times, ...steps });
        expect(Math.abs(ys.item() / truth - 1)).toBeLessThan(3e-5);
        expect(t.item()).toBe(t1);
      }
    }
    const compiled = jit(
      (from: Tensor) =>
        solveOde(decay, tensor([1]), {
          t0: from,
          t1: from.add(length),
          saveAt: { ts: from.add(tensor([0, 0.5, 1]).mul(length)) },
        }).ys,
    );
    numbers(compiled(tensor(t0))).forEach((y, i) => {
      expect(Math.abs(y / Math.exp((-i / 2) * length) - 1)).toBeLessThan(3e-5);
    });
    const { dense } = solveOde(decay, tensor([1]), { t0, t1, saveAt: { dense: true } });
    expect(evaluateDense(dense!, t0 + length / 2).item() / Math.exp(-length / 2)).toBeCloseTo(1, 4);
  });

  test("a first step far below the spacing of times: c' = C / c from 1 to 2 as from 0 to 1", () => {
    for (const [t0, t1] of [
      [1, 2],
      [0, 1],
      [-3, -2],
    ]) {
      const { ys, code } = solveOde((_t, c: Tensor) => c.reciprocal().mul(1e50), f64([1e6]), {
        t0,
        t1,
        rtol: 1e-8,
        atol: 1e-8,
      });
      expect(code.item()).toBe(0);
      expect(ys.item() / 1.4142135623730952e25).toBeCloseTo(1, 6);
    }
    const held = solveOde((_t, c: Tensor) => c.reciprocal().mul(1e50), f64([1e6]), {
      t0: 1,
      t1: 2,
      minStep: 1e-16,
      throw: false,
    });
    expect(outcomes[held.code.item()].name).toBe('stepUnderflow');
  });

  test('tiny intervals, in f32 too', () => {
    for (const length of [1e-15, 1e-30, -1e-15]) {
      const field = (_t: Tensor, y: Tensor): Tensor => y.mul(-1 / Math.abs(length));
      const { ys } = solveOde(field, tensor([1]), { t0: 0, t1: length });
      expect(ys.item()).toBeCloseTo(Math.exp(-Math.sign(length)), 4);
    }
  });
});

describe('ends', () => {
  test('are met exactly, and no stage lies outside', () => {
    let worst = 0;
    for (let i = 0; i < 40; i++) {
      const [t0, t1, steps] = [i / 7 - 2, Math.sin(i) * 3 + 0.05, (i % 9) + 1];
      const { ts } = solveOde(decay, f64([1]), { t0, t1, steps, solver: ode.euler(), saveAt: { steps: true } });
      const times = numbers(ts);
      expect([times[0], times[steps]]).toEqual([t0, t1]);
      for (const t of times) worst = Math.max(worst, Math.min(t0, t1) - t, t - Math.max(t0, t1));
    }
    expect(worst).toBe(0);
    expect(solveOde(decay, f64([1]), { t0: 0, t1: 0.1, steps: 3 }).t.item()).toBe(0.1);
  });

  test.each([ode.heun(), ode.dopri5(), ode.dopri8(), ode.rk38(), ode.radauIIA5(), ode.kvaerno3(), ode.adamsMoulton()])(
    '$name reads f between the ends only, in f32 and backwards',
    (solver) => {
      // The root of a negative number if it did.
      for (const [t0, t1] of [
        [0.1, 0.7],
        [0.7, 0.1],
        [1000.1, 1000.3],
      ]) {
        const [low, high] = [Math.min(t0, t1), Math.max(t0, t1)].map((t) => tensor(t));
        const field = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.sub(low).sqrt()).add(high.sub(t).sqrt());
        expect(solveOde(field, tensor([1]), { t0, t1, steps: 7, solver }).code.item()).toBe(0);
        if (solver.errorOrder !== null)
          expect(solveOde(field, tensor([1]), { t0, t1, solver, rtol: 1e-3, atol: 1e-3 }).code.item()).toBe(0);
      }
    },
  );

  test('an interval of length 0 gives y0, its derivative the identity, and f as the derivative by t1', () => {
    const start = f64([1, 2]);
    const f = (t: Tensor, y: Tensor): Tensor => y.mul(3).add(t);
    for (const options of [
      {},
      { steps: 3 },
      { solver: ode.radauIIA5() },
      { solver: ode.implicitEuler(), steps: 2 },
      { solver: ode.adamsBashforth(), steps: 6 },
      { solver: ode.adamsMoulton(5), steps: 6 },
    ]) {
      expect(numbers(solveOde(f, start, { t0: 0.3, t1: 0.3, ...options }).ys)).toEqual([1, 2]);
      const matrix = jacfwd((y0: Tensor) => solveOde(f, y0, { t0: 0.3, t1: 0.3, ...options }).ys)(start) as Tensor;
      expect(
        gap(
          matrix,
          f64([
            [1, 0],
            [0, 1],
          ]),
        ),
      ).toBeLessThan(1e-14);
      const byEnd = jvp(
        (t1: Tensor) => solveOde(f, start, { t0: f64(0.3), t1, ...options }).ys,
        [f64(0.3)],
        [f64(1)],
      )[1];
      expect(gap(byEnd, f64([3.3, 6.3]))).toBeLessThan(1e-12);
    }
    const reverse = grad((t1: Tensor) =>
      solveOde(f, start, { t0: f64(0.3), t1, reverseMode: true, maxSteps: 4 }).ys.sum(),
    );
    expect(reverse(f64(0.3)).item()).toBeCloseTo(9.6, 12);
    expect(numbers(solveOde(f, start, { t0: 0.3, t1: 0.3, saveAt: { ts: [0.3] } }).ys)).toEqual([1, 2]);
    const { dense } = solveOde(f, start, { t0: 0.3, t1: 0.3, saveAt: { dense: true } });
    expect(numbers(evaluateDense(dense!, 0.3))).toEqual([1, 2]);
  });
});

describe('saved times', () => {
  test('outside the interval, out of order or NaN are errors, however they are given', () => {
    const solve = (options: SolveOptions<Tensor>) => () => solveOde(decay, f64([1]), options);
    for (const more of [{}, { maxSteps: 10 }, { steps: 5 }]) {
      expect(solve({ t0: 0, t1: 1, saveAt: { ts: f64([0.5, 1.5]) }, ...more })).toThrow(
        /ts\[1\] = 1\.5 is outside the interval/,
      );
      expect(solve({ t0: 0, t1: f64(0.7), saveAt: { ts: [0.5, 1.5] }, ...more })).toThrow(
        /outside the interval from 0 to 0\.7/,
      );
      expect(solve({ t0: 0, t1: 5, saveAt: { ts: f64([4, 1, 3]) }, ...more })).toThrow(/must run one way/);
      expect(solve({ t0: 0, t1: 5, saveAt: { ts: f64([1, Number.NaN]) }, ...more })).toThrow(/ts\[1\] must be finite/);
      expect(solve({ t0: 5, t1: 0, saveAt: { ts: f64([1, 3]) }, ...more })).toThrow(ArgumentError);
      expect(solve({ t0: 0, t1: f64(Number.NaN), ...more })).toThrow(/t1 must be finite, got NaN/);
    }
    expect(solve({ t0: 0, t1: 1, saveAt: { ts: f64([[0.5]]) } })).toThrow(/vector of at least 1 times/);
    expect(solve({ t0: 0, t1: 1, jumpTimes: [2] })).toThrow(/jumpTimes\[0\] = 2 is outside/);
  });

  test('inside a trace they end the solve with a code', () => {
    const codeWith = (options: (ts: Tensor) => SolveOptions<Tensor>) => (ts: Tensor) =>
      outcomes[jit((times: Tensor) => solveOde(decay, f64([1]), options(times)).code)(ts).item()].name;
    for (const more of [{}, { steps: 5 }]) {
      const saved = codeWith((ts) => ({ t0: 0, t1: 1, saveAt: { ts }, ...more }));
      expect(saved(f64([0.5, 1]))).toBe('success');
      expect([f64([0.5, 1.5]), f64([0.5, 0.2]), f64([Number.NaN, 1]), f64([-0.1, 1])].map(saved)).toEqual(
        Array(4).fill('badTimes'),
      );
      const ending = codeWith((t1) => ({ t0: 0, t1: t1.slice(0), ...more }));
      expect([f64([2]), f64([Number.NaN]), f64([Number.POSITIVE_INFINITY])].map(ending)).toEqual([
        'success',
        'badTimes',
        'badTimes',
      ]);
    }
  });

  test('within rounding of the end are the end', () => {
    const { ys } = solveOde(decay, f64([1]), {
      t0: 0,
      t1: 5.9,
      rtol: 1e-9,
      atol: 1e-9,
      saveAt: { ts: linspace(0, 5.9, 5) },
    });
    expect(ys.slice(-1).item()).toBeCloseTo(Math.exp(-5.9), 8);
    const list = solveOde(decay, f64([1]), { t0: 0, t1: tensor(0.7), saveAt: { ts: [0.5, 0.7] } });
    expect(list.ys.slice(-1).item()).toBeCloseTo(Math.exp(-0.7), 4);
    const sum = solveOde(decay, f64([1]), { t0: 0, t1: 0.3, saveAt: { ts: [0.1 + 0.2] } });
    expect(sum.ys.item()).toBeCloseTo(Math.exp(-0.3), 4);
  });

  test('have the slope as their derivative: at the start, at the end and at steps', () => {
    const field = (t: Tensor, y: Tensor): Tensor => y.mul(t).mul(0.7);
    const slope = (t: number): number => 0.7 * t * Math.exp(0.35 * t * t);
    for (const options of [
      { steps: 20, solver: ode.rk4() },
      { steps: 2 },
      { rtol: 1e-9, atol: 1e-9 },
      { rtol: 1e-9, atol: 1e-9, stepTimes: [1] },
    ]) {
      const close = options.steps === 2 ? 2 : 4;
      const saved = jvp(
        (ts: Tensor) => solveOde(field, f64([1]), { t0: 0, t1: 2, saveAt: { ts }, ...options }).ys,
        [f64([0, 1, 2])],
        [f64([1, 1, 1])],
      )[1];
      const { dense } = solveOde(field, f64([1]), { t0: 0, t1: 2, saveAt: { dense: true }, ...options });
      [0, 1, 2].forEach((t, i) => {
        expect(saved.slice(i).item()).toBeCloseTo(slope(t), close);
        expect(grad((at: Tensor) => evaluateDense(dense!, at).sum())(f64(t)).item()).toBeCloseTo(slope(t), close);
      });
      if (options.steps === 2) continue;
      const twice = grad((at: Tensor) => grad((inner: Tensor) => evaluateDense(dense!, inner).sum())(at))(
        f64(1),
      ).item();
      expect(Math.abs(twice - (0.7 + 0.49) * Math.exp(0.35))).toBeLessThan(0.03);
    }
    for (const way of [{ reverseMode: true, maxSteps: 120 }, { adjoint: 'backsolve' }] as const) {
      const end = (ts: Tensor): Tensor =>
        solveOde(field, f64([1]), { t0: 0, t1: 2, rtol: 1e-8, atol: 1e-8, saveAt: { ts }, ...way }).ys.sum();
      expect(gap(grad(end)(f64([0, 1, 2])), f64([0, slope(1), slope(2)]))).toBeLessThan(1e-5);
    }
    const { dense } = solveOde(decay, f64([1]), { t0: 0, t1: 1, saveAt: { dense: true } });
    expect(grad((at: Tensor) => evaluateDense(dense!, at).sum())(f64(1.5)).item()).toBe(0);
  });
});

describe('scales', () => {
  test("errors are measured without overflow: y' = 1e15 in f32", () => {
    const { ys } = solveOde((_t, y: Tensor) => y.mul(0).add(1e15), tensor([0, 0]), { t0: 0, t1: 1 });
    numbers(ys).forEach((y) => {
      expect(y / 1e15).toBeCloseTo(1, 5);
    });
    const large = solveOde(decay, tensor([1e37]), { t0: 0, t1: 1 });
    expect(large.ys.item() / 1e37).toBeCloseTo(Math.exp(-1), 4);
  });

  test('sums of stages stay within f32 where stages do: slopes of 1e38', () => {
    const steep = solveOde((_t, y: Tensor) => y.mul(0).add(1e38), tensor([0]), { t0: 0, t1: 1e-3 });
    expect(steep.ys.item() / 1e35).toBeCloseTo(1, 5);
    const falling = solveOde((_t, y: Tensor) => y.mul(-1000), tensor([1e35]), { t0: 0, t1: 1e-3 });
    expect(falling.ys.item() / 1e35).toBeCloseTo(Math.exp(-1), 4);
  });

  test('atol 0 with a component that is 0, and an empty batch, are no trouble', () => {
    expect(
      gap(solveOde(decay, f64([1, 0]), { t0: 0, t1: 1, atol: 0, rtol: 1e-6 }).ys, f64([Math.exp(-1), 0])),
    ).toBeLessThan(1e-6);
    for (const norm of ['rms', 'max', 'rows'] as const) {
      expect(solveOde(decay, zeros([0, 3]), { t0: 0, t1: 1, norm }).ys.shape).toEqual([0, 3]);
    }
    expect(solveOde(decay, zeros([0, 3]), { t0: 0, t1: 1, steps: 3 }).ys.shape).toEqual([0, 3]);
  });

  test('rows of a batch: vmap gives each its own steps, as each row alone', () => {
    const solve = (k: Tensor) => {
      const { ys, nfe } = solveOde((_t, y: Tensor) => y.mul(k).neg(), f64(1), { t0: 0, t1: 1 });
      return { ys, nfe };
    };
    const rates = [1, 50, 1000];
    const all = vmap(solve)(f64(rates));
    rates.forEach((k, i) => {
      const alone = solve(f64(k));
      expect(all.ys.slice(i).item()).toBe(alone.ys.item());
      expect(all.nfe.slice(i).item()).toBe(alone.nfe.item());
      expect(all.ys.slice(i).item()).toBeCloseTo(Math.exp(-k), 4);
    });
    const turned = vmap(solve)(f64([1000, 1, 50]));
    expect(turned.nfe.toArray()).toEqual([2, 0, 1].map((i) => (all.nfe.toArray() as number[])[i]));
  });

  test('a time that is NaN during the solve is not finite, by name', () => {
    const run = (): unknown => solveOde((t, y: Tensor) => y.mul(t.sub(0.5).sqrt()), f64([1]), { t0: 0, t1: 1 });
    expect(run).toThrow(OdeError);
    expect(run).toThrow(/nonFinite at t = 0/);
  });
});

test('a solve runs on the device of its state, whatever it saves', () => {
  const y0 = tensor([1, 2], { device: 'reference' });
  for (const options of [
    {},
    { steps: 4 },
    { solver: ode.kvaerno3() },
    { saveAt: { steps: true } },
    { saveAt: { dense: true } },
    { saveAt: { ts: [0.5, 1] }, jumpTimes: [0.2] },
    { onProgress: () => true, saveAt: { ts: [0.5, 1] } },
    { events: [{ when: (t: Tensor) => t.sub(0.3) }] },
  ] as SolveOptions<Tensor>[]) {
    const { ys, t } = solveOde(decay, y0, { t0: 0, t1: 1, ...options });
    expect([ys.device?.name, t.device?.name]).toEqual(['reference', 'reference']);
    if (ys.ndim === 1) expect(gap(ys, y0.mul(Math.exp(-1)))).toBeLessThan(1e-3);
  }
});

test('a right-hand side that returns no tensor is named', () => {
  const solve = (f: unknown) => () => solveOde(f as typeof decay, f64([1]), { t0: 0, t1: 1 });
  expect(solve(async () => f64([1]))).toThrow(/f must return a tree of tensors, got a promise/);
  expect(solve(() => 'x')).toThrow(/f must return a tree of tensors, got string/);
  expect(solve(() => undefined)).toThrow(/the result of f and the state/);
});
