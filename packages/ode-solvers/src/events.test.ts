import { grad, jit, jvp, stack, type Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import * as ode from './index.ts';
import { evaluateDense, type OdeEvent, outcomes, type SolveOptions, solveOde } from './index.ts';

const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());

/** Height and velocity under a constant force. */
const falling = (force: number) => (_t: Tensor, y: Tensor) => stack([y.slice(1), y.slice(1).mul(0).add(force)], 0);
const height = (_t: Tensor, y: Tensor): Tensor => y.slice(0);
const ground: OdeEvent<Tensor> = { when: height, terminal: true };

describe('a terminal event', () => {
  const drag = (_t: Tensor, y: Tensor): Tensor => stack([y.slice(1), y.slice(1).square().mul(0.01).sub(10)], 0);
  test.each([
    ['dopri5', { rtol: 1e-10, atol: 1e-10 }],
    ['dopri8', { rtol: 1e-10, atol: 1e-10, solver: ode.dopri8() }],
    ['radauIIA5', { rtol: 1e-10, atol: 1e-10, solver: ode.radauIIA5() }],
    ['rk4 in fixed steps', { steps: 600, solver: ode.rk4() }],
    ['compiled', { rtol: 1e-10, atol: 1e-10 }],
  ] as [string, SolveOptions<Tensor>][])('ends the fall with drag where it is, with %s', (name, options) => {
    const solve = (y0: Tensor) => {
      const { t, ys, code, events } = solveOde(drag, y0, { t0: 0, t1: 100, ...options, events: [ground] });
      return { t, ys, code, events };
    };
    const { t, ys, code, events } = (name === 'compiled' ? jit(solve) : solve)(f64([1000, 0]));
    expect(code.item()).toBe(0);
    expect(t.item()).toBeCloseTo(33.81470044434772, name.startsWith('rk4') ? 5 : 7);
    expect(ys.slice(1).item()).toBeCloseTo(-31.622776569, 6);
    expect(Math.abs(ys.slice(0).item())).toBeLessThan(1e-10);
    expect([events!.terminated.toArray(), events!.count.item(), events!.which.slice(0).toArray()]).toEqual([
      true,
      1,
      [true],
    ]);
  });

  test('keeps the rows saved before it, in memory; in a trace later rows repeat the end', () => {
    const options: SolveOptions<Tensor> = {
      t0: 0,
      t1: 99,
      saveAt: { ts: [0, 33, 66, 99] },
      events: [{ ...ground, direction: 'falling' }],
    };
    const { t, ys, ts, events } = solveOde(falling(-0.5), f64([0, 10]), options);
    expect(t.item()).toBeCloseTo(40, 10);
    expect(numbers(ts)).toEqual([0, 33]);
    expect(
      ys
        .slice(1)
        .sub(f64([57.75, -6.5]))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-9);
    expect(
      events!.ys
        .slice(0)
        .sub(f64([0, -10]))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-9);
    const all = jit((y0: Tensor) => solveOde(falling(-0.5), y0, options).ys)(f64([0, 10]));
    expect(all.shape).toEqual([4, 2]);
    expect(all.slice(3, 1).item()).toBeCloseTo(-10, 9);
  });

  test('is not the zero at the start, forwards or backwards, in f32 or f64', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      for (const sign of [1, -1]) {
        const { t } = solveOde(falling(-9.8), tensor([0, 10 * sign], { dtype }), {
          t0: 0,
          t1: 5 * sign,
          events: [ground],
        });
        expect(t.item()).toBeCloseTo((sign * 20) / 9.8, dtype === 'f32' ? 5 : 9);
      }
    }
  });

  test('ends each row of a vmap at its own time', () => {
    const ends = vmap(
      (speed: Tensor) => solveOde(falling(-10), stack([speed.mul(0), speed], 0), { t0: 0, t1: 50, events: [ground] }).t,
    );
    numbers(ends(f64([10, 25, 50]))).forEach((t, i) => {
      expect(t).toBeCloseTo([2, 5, 10][i], 9);
    });
  });
});

describe('events along the way', () => {
  const twice: OdeEvent<Tensor> = { when: (t) => t.sub(0.5).mul(t.sub(0.6)) };
  const growth = (_t: Tensor, y: Tensor): Tensor => y;

  test('roots on step boundaries happen once each, and times rise', () => {
    for (const options of [
      { step: 0.1, solver: ode.rk4() },
      { steps: 3, solver: ode.rk4() },
      {},
      { rtol: 1e-2, atol: 1e-2 },
    ]) {
      const { events, ts, ys } = solveOde(growth, f64([1]), {
        t0: 0,
        t1: 1,
        ...options,
        events: [twice],
        saveAt: { steps: true },
      });
      expect(events!.count.item()).toBe(2);
      expect(
        events!.ts
          .sub(f64([0.5, 0.6]))
          .abs()
          .max()
          .item(),
      ).toBeLessThan(1e-14);
      const times = numbers(ts);
      for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThan(times[i - 1]);
      expect(ys.slice(-1).item()).toBeCloseTo(Math.E, 2);
    }
  });

  test('a restart from a root does not meet it again, nor run backwards', () => {
    const { events, t } = solveOde(growth, f64([1]), { t0: 0.5, t1: 1, events: [{ ...twice, terminal: true }] });
    expect(numbers(events!.ts)[0]).toBeCloseTo(0.6, 12);
    expect(t.item()).toBeCloseTo(0.6, 12);
    const last = solveOde(growth, f64([1]), { t0: 0.6, t1: 1, events: [twice] });
    expect(last.events!.count.item()).toBe(0);
  });

  test('two equal events happen at once and both apply', () => {
    const lift: OdeEvent<Tensor> = { when: (t) => t.add(2.95), apply: (_t, y) => y.add(2) };
    const field = (t: Tensor, y: Tensor): Tensor => y.neg().sub(t.sin());
    const options = { t0: 0, t1: -10, rtol: 1e-11, atol: 1e-11, events: [lift, lift] };
    const { events, dense } = solveOde(field, f64([1]), { ...options, saveAt: { dense: true } });
    expect(numbers(events!.ts)).toEqual([-2.95]);
    expect(events!.which.toArray()).toEqual([[true, true]]);
    expect(events!.ys.item()).toBeCloseTo(9.157337086297, 8);
    expect(evaluateDense(dense!, -2.95).item()).toBeCloseTo(13.157337086297, 8);
    expect(evaluateDense(dense!, -2.9499999).item()).toBeCloseTo(9.157337086297, 4);
  });

  test('only passages in their direction count', () => {
    const wave = (_t: Tensor, y: Tensor): Tensor => stack([y.slice(1), y.slice(0).neg()], 0);
    const at = (direction: 'rising' | 'falling' | 'both'): number[] =>
      numbers(
        solveOde(wave, f64([1, 0]), { t0: 0, t1: 10, rtol: 1e-9, atol: 1e-9, events: [{ when: height, direction }] })
          .events!.ts,
      );
    const zeros = [1, 3, 5].map((n) => (n * Math.PI) / 2);
    const near = (found: number[], expected: number[]): void => {
      expect(found.length).toBe(expected.length);
      found.forEach((t, i) => {
        expect(t).toBeCloseTo(expected[i], 7);
      });
    };
    near(at('both'), zeros);
    near(at('falling'), [zeros[0], zeros[2]]);
    near(at('rising'), [zeros[1]]);
  });

  test('a ball bounces: heights fall by the square of the restitution, and energy only at the floor', () => {
    const bounce: OdeEvent<Tensor> = {
      when: height,
      direction: 'falling',
      apply: (_t, y) => stack([y.slice(0).mul(0), y.slice(1).mul(-0.9)], 0),
    };
    const { events } = solveOde(falling(-10), f64([5, 0]), { t0: 0, t1: 6, events: [bounce] });
    // Falls for 1, then flies 2 * 0.9^n.
    let t = 1;
    numbers(events!.ts).forEach((time, n) => {
      expect(time).toBeCloseTo(t, 9);
      t += 2 * 0.9 ** (n + 1);
    });
    expect(events!.count.item()).toBe(4);
    const crowded = solveOde(falling(-10), f64([5, 0]), {
      t0: 0,
      t1: 30,
      events: [bounce],
      maxEvents: 5,
      throw: false,
    });
    expect(outcomes[crowded.code.item()].name).toBe('maxEvents');
  });

  test('an event that never happens, and one that is always zero, change nothing', () => {
    const plain = solveOde(growth, f64([1]), { t0: 0, t1: 1 });
    const watched = solveOde(growth, f64([1]), {
      t0: 0,
      t1: 1,
      events: [{ when: (_t, y) => y.sum().add(1) }, { when: (_t, y) => y.sum().mul(0) }],
    });
    expect(watched.events!.count.item()).toBe(0);
    expect(watched.ys.item()).toBe(plain.ys.item());
  });
});

describe('derivatives', () => {
  const options = { t0: 0, t1: 1, rtol: 1e-10, atol: 1e-10 };

  test('of the time of an event: dt/dh = 1 / (g t) for a fall from h', () => {
    const time = (h: Tensor): Tensor =>
      solveOde(falling(-0.5), stack([h, h.mul(0)], 0), { t0: 0, t1: 99, events: [ground] }).t;
    expect(jvp(time, [f64(4)], [f64(1)])[1].item()).toBeCloseTo(0.5, 9);
    // t = 2 sqrt(h): the second derivative is -1/2 h^(-3/2).
    const slope = (h: Tensor): Tensor => jvp(time, [h], [f64(1)])[1];
    expect(jvp(slope, [f64(4)], [f64(1)])[1].item()).toBeCloseTo(-1 / 16, 7);
  });

  test("across a switch at an event: y' = -k y until T, then 0", () => {
    const field = (_t: Tensor, y: Tensor): Tensor => stack([y.slice(0).mul(y.slice(1)).neg(), y.slice(1).mul(0)], 0);
    const end = (extra: object) => (T: Tensor, k: Tensor) =>
      solveOde(field, stack([f64(1), k], 0), {
        ...options,
        ...extra,
        events: [{ when: (t) => t.sub(T), apply: (_t, y) => stack([y.slice(0), y.slice(1).mul(0)], 0) }],
      }).ys.slice(0);
    const reverse = grad(end({ reverseMode: true, maxSteps: 60 }), { argnums: [0, 1] })(f64(0.5), f64(2));
    const fixed = grad(end({ rtol: undefined, atol: undefined, steps: 20, maxSteps: 40, reverseMode: true }), {
      argnums: [0, 1],
    })(f64(0.5), f64(2));
    for (const [byT, byK] of [reverse, fixed]) {
      expect(byT.item()).toBeCloseTo(-0.7357588823, 6);
      expect(byK.item()).toBeCloseTo(-0.1839397206, 6);
    }
    expect(jvp(end({}), [f64(0.5), f64(2)], [f64(1), f64(0)])[1].item()).toBeCloseTo(-0.7357588823, 7);
  });

  test('across a switch at a jump time, and with two solves', () => {
    const jump = (T: Tensor, k: Tensor): Tensor =>
      solveOde((t, y: Tensor) => y.mul(t.less(T).astype('f64')).mul(k).neg(), f64([1]), {
        ...options,
        jumpTimes: T.expandDims(0),
        reverseMode: true,
        maxSteps: 60,
      }).ys.sum();
    const chained = (T: Tensor, k: Tensor): Tensor => {
      const reverse = { rtol: 1e-9, atol: 1e-9, reverseMode: true, maxSteps: 60 };
      const first = solveOde((_t, y: Tensor) => y.mul(k).neg(), f64([1]), { t0: 0, t1: T, ...reverse }).ys;
      return solveOde((_t, y: Tensor) => y.mul(0), first, { t0: T, t1: 1, ...reverse }).ys.sum();
    };
    for (const f of [jump, chained]) {
      const [byT, byK] = grad(f, { argnums: [0, 1] })(f64(0.5), f64(2));
      expect(byT.item()).toBeCloseTo(-0.7357588823, 6);
      expect(byK.item()).toBeCloseTo(-0.1839397206, 6);
    }
  });
});

test('bounces that follow each other ever faster are not stepped over, in f32 or f64, forwards or backwards', () => {
  const bounce: OdeEvent<Tensor> = {
    when: height,
    direction: 'falling',
    apply: (_t, y) => stack([y.slice(0).mul(0), y.slice(1).mul(-0.5)], 0),
  };
  for (const dtype of ['f32', 'f64'] as const) {
    for (const sign of [1, -1]) {
      const options = { t0: 0, t1: 10 * sign, maxEvents: 8, events: [bounce], throw: false };
      const { code, events } = solveOde(falling(-8), tensor([1, 0], { dtype }), options);
      expect(outcomes[code.item()].name).toBe('maxEvents');
      // The fall takes 1/2, the flight after bounce n twice 2^-(n + 1).
      numbers(events!.ts).forEach((t, n) => {
        expect(t * sign).toBeCloseTo(1.5 - 2 ** -n, 5);
      });
    }
  }
});

test('where an event is NaN it is not known, and it does not pass there', () => {
  const rise = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(1);
  const times = (when: OdeEvent<Tensor>['when'], options: Partial<SolveOptions<Tensor>>): number[] => {
    const { t, events } = solveOde(rise, f64([-1]), { t0: 0, t1: 4, events: [{ when }], ...options });
    expect(t.item()).toBe(4);
    return numbers(events!.ts);
  };
  for (const options of [{}, { maxStep: 0.3 }, { steps: 10 }]) {
    const [logarithm, ...others] = times((_t, y) => y.sum().log(), options);
    expect(logarithm).toBeCloseTo(2, 12);
    expect(others).toEqual([]);
    expect(times((_t, y) => y.sum().neg().sqrt().sub(0.5), options)[0]).toBeCloseTo(0.75, 12);
    expect(times((_t, y) => y.sum().mul(Number.NaN), options)).toEqual([]);
  }
});

test('events that are none are refused by name', () => {
  const solve = (event: unknown) => () =>
    solveOde(falling(-1), f64([1, 0]), { t0: 0, t1: 1, events: [event as OdeEvent<Tensor>] });
  expect(solve({ wen: height })).toThrow(/events\[0\]: .*Did you mean when\?/);
  expect(solve({ when: 1 })).toThrow(/events\[0\]\.when: expected a function/);
  expect(solve({ when: height, direction: 'up' })).toThrow(/direction must be 'rising', 'falling' or 'both', got 'up'/);
  expect(solve({ when: (_t: Tensor, y: Tensor) => y })).toThrow(/when must return a scalar, got shape \[2\]/);
  expect(solve({ when: height, apply: (_t: Tensor, y: Tensor) => y.slice(0) })).toThrow(
    /apply must return a tree like the state/,
  );
  expect(() => solveOde(falling(-1), f64([1, 0]), { t0: 0, t1: 1, events: ground as never })).toThrow(
    /events must be a list/,
  );
  expect(() =>
    solveOde(falling(-1), f64([1, 0]), { t0: 0, t1: 1, steps: 9, solver: ode.adamsBashforth(), events: [ground] }),
  ).toThrow(/needs its earlier steps, which events cut/);
});
