import { clearCaches, random, Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test, vi } from 'vitest';
import {
  adamsMoulton,
  type BrownianPath,
  evaluateDense,
  milstein,
  radauIIA5,
  rk4,
  type SolveOptions,
  solveOde,
  solveSde,
  virtualBrownianTree,
} from './index.ts';

const f64 = (values: number | number[]): Tensor => tensor(values, { dtype: 'f64' });

/** How many products JavaScript asked for during `run`: few when nothing is traced. */
function products(run: () => void): number {
  const spy = vi.spyOn(Tensor.prototype, 'mul');
  try {
    run();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

describe('a solve called again', () => {
  const tight = { t0: 0, t1: 1, rtol: 1e-10, atol: 1e-10 };

  test('is not traced again for other states, times and values that f closes over', () => {
    let rate = f64(1);
    const field = (_t: Tensor, y: Tensor): Tensor => y.mul(rate);
    const end = (y0: number[], options = tight): number[] => solveOde(field, f64(y0), options).ys.toArray() as number[];
    expect(products(() => end([1, 2]))).toBeGreaterThan(50);
    expect(products(() => expect(end([1, 3])[1]).toBeCloseTo(3 * Math.E, 8))).toBeLessThan(5);
    expect(products(() => expect(end([1, 3], { ...tight, t1: 2 })[0]).toBeCloseTo(Math.exp(2), 7))).toBeLessThan(5);
    rate = f64(-2);
    expect(products(() => expect(end([1, 1])[0]).toBeCloseTo(Math.exp(-2), 8))).toBeLessThan(5);
    rate.dispose();
    expect(() => end([1, 1])).toThrow('used after');
  });

  test('is not traced again with events, a projection, a mass matrix and gains of its own', () => {
    let floor = f64(0.5);
    const field = (_t: Tensor, y: Tensor): Tensor => y.neg();
    const falls = { when: (_t: Tensor, y: Tensor) => y.slice(0).sub(floor), terminal: true } as const;
    const bounces = {
      when: (_t: Tensor, y: Tensor) => y.slice(0).sub(floor),
      apply: (_t: Tensor, y: Tensor) => y.mul(4),
    };
    const unit = (y: Tensor): Tensor => y.div(y.square().sum().sqrt());
    const ways: [Partial<SolveOptions<Tensor>>, (t: number, y: number[]) => void][] = [
      [
        { events: [falls] },
        (t, [y]) => expect([t, y]).toEqual([expect.closeTo(Math.log(4), 8), expect.closeTo(0.25, 8)]),
      ],
      [{ events: [bounces], t1: 1.5 }, (_t, [y]) => expect(y).toBeCloseTo(4 * Math.exp(-1.5), 8)],
      [{ project: unit }, (_t, y) => expect(Math.hypot(...y)).toBeCloseTo(1, 12)],
      [{ controller: { integral: 0.8, safety: 0.9 } }, (_t, [y]) => expect(y).toBeCloseTo(Math.exp(-2), 8)],
    ];
    for (const [more, check] of ways) {
      const end = (): void => {
        const { t, ys } = solveOde(field, f64([1, 0]), { ...tight, t1: 2, ...more });
        check(t.item(), ys.toArray() as number[]);
      };
      floor = f64(0.5);
      const first = products(() => solveOde(field, f64([1, 0]), { ...tight, t1: 2, ...more }));
      floor = f64(0.25);
      expect(products(end)).toBeLessThan(Math.min(20, first / 3));
    }
    const massive = (mass: number): number =>
      solveOde(field, f64([1, 1]), {
        ...tight,
        rtol: 1e-6,
        solver: radauIIA5(),
        mass: f64([mass, 0, 0, 1]).reshape([2, 2]),
      })
        .ys.slice(0)
        .item();
    massive(1);
    expect(products(() => expect(massive(2)).toBeCloseTo(Math.exp(-0.5), 5))).toBeLessThan(20);
  });

  test('is not traced again with noise, by a key or along a path', () => {
    let rate = f64(0.5);
    const drift = (_t: Tensor, y: Tensor): Tensor => y.mul(rate);
    const diffusion = (_t: Tensor, y: Tensor): Tensor => y.mul(0.1);
    const path = (seed: number): BrownianPath =>
      virtualBrownianTree(random.key(seed), { t0: 0, t1: 1, tolerance: 1e-3, shape: [2], dtype: 'f64' });
    for (const noise of [random.key, path]) {
      const end = (seed: number, y0: number[]): number[] =>
        solveSde(drift, diffusion, f64(y0), {
          t0: 0,
          t1: 1,
          steps: 8,
          noise: noise(seed),
          solver: milstein(),
        }).ys.toArray(1);
      rate = f64(0.5);
      const first = products(() => end(0, [1, 2]));
      rate = f64(1.5);
      let moved: number[] = [];
      expect(products(() => (moved = end(1, [1, 2])))).toBeLessThan(noise === path ? first : first / 2);
      clearCaches();
      expect(end(1, [1, 2])).toEqual(moved);
    }
  });

  test('has the solver of its description, and no other', () => {
    expect(rk4()).toBe(rk4());
    expect(adamsMoulton(3, { corrections: 2 })).toBe(adamsMoulton(3, { corrections: 2 }));
    expect(adamsMoulton(3)).not.toBe(adamsMoulton(4));
    expect(radauIIA5({ independentRows: true })).not.toBe(radauIIA5());
    adamsMoulton(undefined, {});
    for (const order of [Number.NaN, '4', null]) expect(() => adamsMoulton(order as never, {})).toThrow('order');
  });

  test('is traced again for events of another kind', () => {
    const field = (_t: Tensor, y: Tensor): Tensor => y.neg();
    const when = (_t: Tensor, y: Tensor): Tensor => y.slice(0).sub(0.5);
    const end = (event: object): number =>
      solveOde(field, f64([1]), { ...tight, events: [{ when, ...event }] }).t.item();
    expect(end({ terminal: true })).toBeCloseTo(Math.LN2, 8);
    expect(end({ terminal: false })).toBe(1);
    expect(end({ terminal: true, direction: 'rising' })).toBe(1);
    expect(end({ terminal: true, direction: 'falling' })).toBeCloseTo(Math.LN2, 8);
  });

  test('is not traced again when it writes its steps down, or is watched', () => {
    let rate = f64(1);
    const field = (_t: Tensor, y: Tensor): Tensor => y.mul(rate);
    const seen: number[] = [];
    const watched = { onProgress: ({ fraction }: { fraction: number }) => void seen.push(fraction) };
    const ways: Partial<SolveOptions<Tensor>>[] = [
      { saveAt: { dense: true } },
      { saveAt: { steps: true } },
      watched,
      { ...watched, saveAt: { ts: [0.5, 1] } },
      { ...watched, steps: 400, solver: rk4(), rtol: undefined, atol: undefined },
    ];
    for (const more of ways) {
      const end = (y0: number): number => {
        const { ys, dense } = solveOde(field, f64(y0), { ...tight, ...more });
        const all = dense ? evaluateDense(dense, [0.5, 1]) : ys;
        return all.dataSync().at(-1) as number;
      };
      rate = f64(1);
      const first = products(() => end(1));
      rate = f64(-2);
      const again = products(() => expect(end(3)).toBeCloseTo(3 * Math.exp(-2), 8));
      expect(again).toBeLessThan(first / 2);
      expect(again).toBeLessThan(30);
    }
    expect(seen.at(-1)).toBe(1);
  });

  test('is another one where the pieces are of another length', () => {
    const counts = [8, 64].map((progressEvery) => {
      let calls = 0;
      const onProgress = (): void => void calls++;
      const { ys } = solveOde((_t, y: Tensor) => y.neg(), f64(1), { ...tight, onProgress, progressEvery });
      expect(ys.item()).toBeCloseTo(Math.exp(-1), 8);
      return calls;
    });
    expect(counts[0]).toBeGreaterThan(counts[1]);
  });

  test('is another one where f or an option changed', () => {
    let power = 1;
    const field = (_t: Tensor, y: Tensor): Tensor => y.pow(power).neg();
    const end = (options: Parameters<typeof solveOde>[2]): number =>
      (solveOde(field, f64(2), options as typeof tight).ys as Tensor).item();
    expect(end(tight)).toBeCloseTo(2 * Math.exp(-1), 8);
    power = 2;
    expect(end(tight)).toBeCloseTo(1 / (1 / 2 + 1), 8);
    expect(end({ t0: 0, t1: 1, steps: 1, solver: rk4() })).not.toBeCloseTo(2 / 3, 4);
    expect(end({ t0: 0, t1: 1, steps: 400, solver: rk4() })).toBeCloseTo(2 / 3, 8);
    expect(() => end({ ...tight, maxSteps: 3 })).toThrow('steps');
    const saved = solveOde(field, f64(2), { ...tight, saveAt: { ts: [0.5, 1] } }).ys as Tensor;
    expect(saved.toArray()).toHaveLength(2);
    expect(end(tight)).toBeCloseTo(2 / 3, 8);
  });

  test('is found for functions written anew each time, and after the caches were cleared', () => {
    const end = (rate: number): number => {
      const weight = f64(rate);
      return solveOde((_t, y: Tensor) => y.mul(weight), f64(1), tight).ys.item();
    };
    for (const rate of [-1, 0, 0.5]) expect(end(rate)).toBeCloseTo(Math.exp(rate), 8);
    clearCaches();
    expect(end(1)).toBeCloseTo(Math.E, 8);
  });
});
