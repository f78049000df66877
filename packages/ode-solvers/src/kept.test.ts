import { clearCaches, Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, test, vi } from 'vitest';
import { evaluateDense, rk4, type SolveOptions, solveOde } from './index.ts';

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
