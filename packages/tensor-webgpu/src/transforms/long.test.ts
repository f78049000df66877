import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

/** Every pass over a program is a loop: none may end in a full stack, however long the program is. */
const LENGTH = 8000;

beforeAll(() => {
  ff.defaultDevice('reference');
});
afterAll(() => {
  ff.defaultDevice('cpu');
});

const chain =
  (length: number, step: (x: Tensor, i: number) => Tensor) =>
  (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < length; i++) y = step(y, i);
    return y;
  };

describe('programs of thousands of equations', { timeout: 60_000 }, () => {
  const halves = chain(LENGTH / 2, (x) => x.mul(0.5).add(1));
  const x = (): Tensor => ff.tensor([2, 3, 5], { dtype: 'f64' });

  it('are traced, simplified and run', () => {
    expect(ff.jit(halves)(x()).toArray()).toEqual([2, 2, 2]);
  });

  it('are differentiated in every mode', () => {
    const sines = chain(LENGTH / 8, (y, i) => (i % 2 ? y.sin() : y.asinh()).mul(1.0001).mul(1.0001));
    const at = x();
    const slope = ff
      .jit(ff.grad((y: Tensor) => sines(y).sum()))(at)
      .toArray() as number[];
    const along = ff.jvp(sines, [at], [ff.ones([3], { dtype: 'f64' })])[1].toArray() as number[];
    const step = 1e-6;
    const [above, below] = [1, -1].map(
      (s) =>
        ff
          .jit(sines)(at.add(s * step))
          .toArray() as number[],
    );
    slope.forEach((value, i) => {
      expect(along[i]).toBeCloseTo(value, 12);
      expect(value).toBeCloseTo((above[i] - below[i]) / (2 * step), 7);
    });
    const twice = ff.grad((y: Tensor) =>
      ff
        .grad((z: Tensor) => chain(500, (v) => v.sin())(z).sum())(y)
        .sum(),
    );
    expect(ff.jit(twice)(at).isFinite().all().item()).toBe(1);
  });

  it('are mapped, split and transposed', () => {
    const batch = ff.stack([x(), x().add(1)]);
    expect(ff.jit(ff.vmap(halves))(batch).toArray()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    const [value, push] = ff.linearize(
      chain(LENGTH / 2, (y) => y.mul(1).add(y.mul(0))),
      x(),
    );
    expect(value.toArray()).toEqual([2, 3, 5]);
    expect(push(x()).toArray()).toEqual([2, 3, 5]);
    const [, pull] = ff.vjp(
      chain(LENGTH, (y) => y.neg()),
      x(),
    );
    expect(pull(x())[0].toArray()).toEqual([2, 3, 5]);
  });

  it('stand in loops, fan out and join again', () => {
    const body = chain(LENGTH / 4, (y) => y.add(1));
    expect(
      ff
        .jit((y: Tensor) => ff.foriLoop(0, 3, (_i, c) => body(c), y))(x())
        .toArray(),
    ).toEqual([6002, 6003, 6005]);
    const fan = (y: Tensor): Tensor => {
      let terms = Array.from({ length: 4096 }, (_, i) => y.mul(i));
      while (terms.length > 1) terms = terms.flatMap((a, i) => (i % 2 ? [] : [a.add(terms[i + 1])]));
      return terms[0];
    };
    const sum = (4096 * 4095) / 2;
    expect(
      ff
        .jit(ff.grad((y: Tensor) => fan(y).sum()))(x())
        .toArray(),
    ).toEqual([sum, sum, sum]);
    const many = (y: Tensor): Tensor => ff.concat(Array.from({ length: LENGTH }, (_, i) => y.slice([0, 1]).add(i)));
    expect(ff.jit(many)(x()).shape).toEqual([LENGTH]);
  });
});
