import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

/** A jitted function that counts how often it is traced. */
function counted<A extends unknown[], R>(f: (...args: A) => R, options?: ff.JitOptions) {
  const count = { traces: 0 };
  const call = ff.jit((...args: A) => {
    count.traces++;
    return f(...args);
  }, options);
  return { call, count };
}

describe('traces of jit', () => {
  it('are found by form: structure, keys, shapes, dtypes, device', () => {
    const { call, count } = counted((p: Record<string, unknown>) =>
      ff.tree.leaves<Tensor>(p).reduce((a, b) => a.add(b), ff.zeros([])),
    );
    const forms: [Record<string, unknown>, number][] = [
      [{ a: 1, b: 2 }, 3],
      [{ b: 20, a: 10 }, 30],
      [{ a: 1, c: 2 }, 3],
      [{ a: 1, b: null }, 1],
      [{ a: 1, b: undefined }, 1],
      [{ a: 1 }, 1],
      [{ a: [1, 2] }, 3],
      [{ a: { x: 1, y: 2 } }, 3],
      [{ a: ff.tensor([1]) }, 1],
      [{ a: ff.tensor([[1]]) }, 1],
      [{ a: ff.tensor([1], { dtype: 'i32' }) }, 1],
      [{ constructor: 4 }, 4],
      [{ toString: 4 }, 4],
      [JSON.parse('{"__proto__": 5}'), 5],
    ];
    for (const [given, sum] of forms) expect((call(given) as Tensor).sum().item()).toBe(sum);
    expect(count.traces).toBe(forms.length - 1);
    for (const [given, sum] of [...forms, ...forms.reverse()]) expect((call(given) as Tensor).sum().item()).toBe(sum);
    expect(count.traces).toBe(forms.length - 1);
  });

  it('know an argument by its own keys, in whatever order, and not by what it inherits', () => {
    const { call, count } = counted((p: { a: Tensor; b: Tensor }) => p.a.mul(10).add(p.b));
    const [a, b] = [ff.tensor(1), ff.tensor(2)];
    const given = [{ a, b }, { b, a }, Object.assign(Object.create(null), { a, b })];
    for (const p of [...given, ...given]) expect(call(p).item()).toBe(12);
    expect(count.traces).toBe(1);
    const prototype = Object.prototype as { stray?: unknown };
    prototype.stray = b;
    const results = given.map((p) => call(p));
    delete prototype.stray;
    expect(results.map((result) => result.item())).toEqual([12, 12, 12]);
    expect(count.traces).toBe(1);
    expect(() => call({ a } as never)).toThrow();
  });

  it('are found for deep arguments whose keys stand in another order at every level', () => {
    const { call, count } = counted((p: Record<string, unknown>) =>
      ff.tree.leaves<Tensor>(p).reduce((a, b) => a.add(b)),
    );
    const [x, y] = [ff.tensor(1), ff.tensor(2)];
    let deep: Record<string, unknown> = { a: x, c: y, b: x };
    for (let level = 1; level < 30; level++) deep = { a: deep, c: y, b: x };
    // To look at every level once more for each above it would take days.
    for (let turn = 0; turn < 3; turn++) expect(call(deep).item()).toBe(1 + 30 * 3);
    expect(count.traces).toBe(1);
  });

  it('of static arguments do not collide', () => {
    const { call, count } = counted((a: unknown, b: unknown, x: Tensor) => x.add(typeof a === typeof b ? 1 : 2), {
      staticArgnums: [0, 1],
    });
    const symbols = [Symbol('s'), Symbol('s'), Symbol.for('s')];
    const pairs: [unknown, unknown][] = [
      ['a|string:b', 'c'],
      ['a', 'b|string:c'],
      [0, 1],
      [-0, 1],
      ['0', 1],
      [Number.NaN, 1],
      ['NaN', 1],
      [null, 1],
      ['null', 1],
      [undefined, 1],
      [1n, 1],
      [true, 1],
      ['true', 1],
      ...symbols.map((symbol): [unknown, unknown] => [symbol, 1]),
      [{}, 1],
      [{}, 1],
    ];
    for (const [a, b] of pairs) call(a, b, ff.tensor(1));
    expect(count.traces).toBe(pairs.length);
    for (const [a, b] of pairs) call(a, b, ff.tensor(1));
    expect(count.traces).toBe(pairs.length);
    const sign = ff.jit((zero: number) => ff.tensor(1).div(zero), { staticArgnums: [0] });
    expect([sign(0).item(), sign(-0).item()]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it('take numbers on the device of the tensors beside them', () => {
    const f = ff.jit((x: Tensor, rate: number | Tensor, on: boolean | Tensor) => ff.where(on, x.mul(rate), x));
    for (const device of ['cpu', 'reference']) {
      const y = f(ff.tensor([1, 2], { device }), 3, true);
      expect(y.device?.name).toBe(device);
      expect(y.toArray()).toEqual([3, 6]);
    }
  });

  it('may donate a number', () => {
    const f = ff.jit((x: Tensor | number, y: Tensor) => [y.mul(x), y.sum().mul(x)], { donate: [0] });
    for (let i = 0; i < 3; i++) {
      const [a, b] = f(i, ff.tensor([1, 2]));
      expect([a.toArray(), b.item()]).toEqual([[i, 2 * i], 3 * i]);
    }
  });

  it('use tensors from outside on their own device', () => {
    const outside = ff.tensor([1, 2], { device: 'reference' });
    const f = ff.jit(() => outside.mul(2));
    expect(f().device?.name).toBe('reference');
    expect(f().toArray()).toEqual([2, 4]);
  });

  it('are forgotten by clearCaches, and made again', () => {
    const { call, count } = counted((x: Tensor) => x.add(ff.tensor([1, 2, 3]).exp()));
    const before = call(ff.tensor([0, 0, 0])).toArray();
    ff.clearCaches();
    expect(call(ff.tensor([0, 0, 0])).toArray()).toEqual(before);
    expect(count.traces).toBe(2);
  });

  it('keep a constant that the function made, and refuse one from outside that was given back', () => {
    const outside = ff.tensor([1]);
    const f = ff.jit((x: Tensor) => x.add(ff.tensor([5])).add(outside));
    expect(ff.scope(() => f(ff.tensor([1])).item())).toBe(7);
    expect(f(ff.tensor([1])).item()).toBe(7);
    outside.dispose();
    expect(() => f(ff.tensor([1]))).toThrow(ff.DisposedError);
  });
});
