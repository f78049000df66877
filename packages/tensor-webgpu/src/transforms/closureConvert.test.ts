import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

const x = ff.tensor([1, 2]);

describe('a function without its closure', () => {
  it('takes the tensors it closed over as arguments', () => {
    const w = ff.tensor([10, 20]);
    const [g, captured] = ff.closureConvert((v: Tensor) => ({ y: v.mul(w).add(1) }), x);
    expect(captured[0]).toBe(w);
    expect(g(x, ...captured).y.toArray()).toEqual([11, 41]);
    expect(g(x, ff.tensor([0, 1])).y.toArray()).toEqual([1, 3]);
    expect(ff.jit(g)(x, w).y.toArray()).toEqual([11, 41]);
    const slope = ff.grad((v: Tensor, u: Tensor) => g(v, u).y.sum(), { argnums: 1 });
    expect(slope(x, w).toArray()).toEqual([1, 2]);
  });

  it('is one for all functions that compute the same, and another for any other', () => {
    let scale = 2;
    let w = ff.tensor([1, 1]);
    const f = (v: Tensor): Tensor => v.mul(scale).add(w);
    const of = (h: (v: Tensor) => unknown, at: Tensor = x) => ff.closureConvert(h, at)[0];
    const first = of(f);
    expect(of(f)).toBe(first);
    expect(of((v) => v.mul(2).add(w))).toBe(first);
    w = ff.tensor([5, 5]);
    expect(of(f)).toBe(first);
    expect(ff.closureConvert(f, x)[1][0]).toBe(w);
    scale = 3;
    const other = of(f);
    expect(other).not.toBe(first);
    expect((other(x, w) as Tensor).toArray()).toEqual([8, 11]);
    expect(of(f, ff.tensor([1, 2, 3]).slice([0, 2]).astype('f64'))).not.toBe(other);
    expect(of((v) => [f(v)])).not.toBe(other);
    ff.clearCaches();
    expect(of(f)).not.toBe(other);
  });

  it('keeps custom derivatives apart', () => {
    const withSlope = (slope: number) =>
      ff.customJvp(
        (v: Tensor) => v.mul(2),
        ([v], [along]) => [v.mul(2), along.mul(slope)],
      );
    const convert = (slope: number) => ff.closureConvert(withSlope(slope), x)[0];
    const slopes = [3, 4].map((slope) =>
      ff
        .grad((v: Tensor) => convert(slope)(v).sum())(x)
        .toArray(),
    );
    expect(slopes).toEqual([
      [3, 3],
      [4, 4],
    ]);
  });

  it('finds compiled work again when it is a static argument of jit', () => {
    let traces = 0;
    const integrate = ff.jit(
      (g: (...all: unknown[]) => Tensor, y: Tensor, captured: Tensor[]) => {
        traces++;
        return ff.foriLoop(0, 3, (_i, now) => now.add(g(now, ...captured)), y);
      },
      { staticArgnums: [0] },
    );
    const solve = (f: (y: Tensor) => Tensor): number[] => {
      const [g, captured] = ff.closureConvert(f, x);
      return integrate(g, x, captured).toArray() as number[];
    };
    for (const rate of [1, 2, 3]) {
      const r = ff.tensor(rate);
      expect(solve((y) => y.mul(r))).toEqual([(1 + rate) ** 3, 2 * (1 + rate) ** 3]);
    }
    expect(traces).toBe(1);
    expect(solve((y) => y.mul(5))).toEqual([216, 432]);
    expect(traces).toBe(2);
  });

  it('names arguments of other forms', () => {
    const [g] = ff.closureConvert((v: Tensor) => v.add(1), x);
    expect(() => g(ff.tensor([1, 2, 3]))).toThrow('converted for [*] of f32[2], and was called with [*] of f32[3]');
    expect(() => g([x])).toThrow(ff.ArgumentError);
    expect(() => ff.closureConvert(3 as never)).toThrow(ff.ArgumentError);
  });
});
