import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';

const f64 = (data: number | number[]): Tensor => ff.tensor(data, { dtype: 'f64' });
const derivative = (f: (x: number) => number, x: number, step = 1e-5): number =>
  (f(x + step) - f(x - step)) / (2 * step);
const numbers = (x: Tensor): number[] => (x.toArray() as number[]).flat(Infinity) as number[];

describe.each(ff.devices())('control flow on %s', (device) => {
  const here = (test: () => void) => () => {
    ff.defaultDevice(device);
    test();
  };

  /** A recurrence that uses its carry, a constant and a sequence, and returns a stacked result. */
  const recurrence = (w: Tensor, checkpoint = false, reverse = false): Tensor => {
    const [last, ys] = ff.scan<Tensor, Tensor, Tensor>(
      (carry, x) => {
        const next = carry.mul(w).sin().mul(x);
        return [next, next.mul(w)];
      },
      f64(0.5),
      f64([1, 2, 3]),
      { checkpoint, reverse },
    );
    return ys.sum().add(last.mul(last));
  };
  const plain = (w: number, xs = [1, 2, 3]): number => {
    let carry = 0.5;
    let total = 0;
    for (const x of xs) {
      carry = Math.sin(carry * w) * x;
      total += carry * w;
    }
    return total + carry * carry;
  };

  it(
    'scan runs, forwards and backwards, and stacks its results',
    here(() => {
      expect(recurrence(f64(0.7)).item()).toBeCloseTo(plain(0.7), 12);
      expect(recurrence(f64(0.7), false, true).item()).toBeCloseTo(plain(0.7, [3, 2, 1]), 12);
      const [sum, partial] = ff.scan<Tensor, Tensor, Tensor>((c, x) => [c.add(x), c.add(x)], f64(0), f64([1, 2, 3, 4]));
      expect(sum.item()).toBe(10);
      expect(numbers(partial)).toEqual([1, 3, 6, 10]);
    }),
  );

  it.each([false, true])('scan has first and second derivatives in both modes (checkpoint %s)', (checkpoint) => {
    ff.defaultDevice(device);
    const f = (w: Tensor): Tensor => recurrence(w, checkpoint);
    const first = derivative(plain, 0.7);
    expect(ff.grad(f)(f64(0.7)).item()).toBeCloseTo(first, 7);
    expect(ff.jvp(f, [f64(0.7)], [f64(1)])[1].item()).toBeCloseTo(first, 7);
    const second = derivative((w) => ff.grad(f)(f64(w)).item(), 0.7);
    expect(ff.grad(ff.grad(f))(f64(0.7)).item()).toBeCloseTo(second, 6);
    expect(ff.hessian(f)(f64(0.7)).item()).toBeCloseTo(second, 6);
    expect(
      ff
        .jit(ff.grad(ff.grad(f)))(f64(0.7))
        .item(),
    ).toBeCloseTo(second, 6);
  });

  it(
    'vmap of a scan and of its gradient equals a loop',
    here(() => {
      const ws = [0.3, 0.7, 1.1];
      const mapped = numbers(ff.vmap((w: Tensor) => recurrence(w))(f64(ws)));
      const gradients = numbers(ff.vmap(ff.grad((w: Tensor) => recurrence(w)))(f64(ws)));
      ws.forEach((w, i) => {
        expect(mapped[i]).toBeCloseTo(plain(w), 12);
        expect(gradients[i]).toBeCloseTo(derivative(plain, w), 6);
      });
    }),
  );

  it(
    'scan refuses a carry that changes its form and sequences of different lengths',
    here(() => {
      expect(() => ff.scan<Tensor, null, null>((c) => [c.reshape([1]), null], f64(0), null, { length: 2 })).toThrow(
        'scan: the carry must keep its form',
      );
      expect(() => ff.scan<Tensor, Tensor[], null>((c) => [c, null], f64(0), [f64([1, 2]), f64([1])])).toThrow(
        'scan: sequences and length must agree in their first extent, got 2, 1.',
      );
      expect(() => ff.scan<Tensor, null, null>((c) => [c, null], f64(0), null)).toThrow(
        'Give a sequence or the option length.',
      );
    }),
  );

  const square = (x: Tensor): Tensor =>
    ff.whileLoop(
      (c: Tensor) => c.less(100),
      (c: Tensor) => c.mul(c),
      x,
    );

  it(
    'whileLoop runs, moves tangents forward, and maps with a condition per example',
    here(() => {
      expect(square(f64(2)).item()).toBe(256);
      expect(ff.jvp(square, [f64(2)], [f64(1)])[1].item()).toBe(1024);
      expect(numbers(ff.vmap(square)(f64([2, 3, 500])))).toEqual([256, 6561, 500]);
      expect(ff.jit(square)(f64(3)).item()).toBe(6561);
    }),
  );

  it(
    'reverse mode through whileLoop is an error that names the remedy',
    here(() => {
      expect(() => ff.grad(square)(f64(2))).toThrow(ff.DerivativeError);
      expect(() => ff.grad(square)(f64(2))).toThrow(
        'Use scan or foriLoop with a fixed length, or forward mode (jvp, jacfwd).',
      );
    }),
  );

  it(
    'the condition of a whileLoop must be a bool scalar',
    here(() => {
      expect(() =>
        ff.whileLoop(
          (c: Tensor) => c,
          (c: Tensor) => c,
          f64(1),
        ),
      ).toThrow('the condition must return a bool scalar, got f64[]');
    }),
  );

  const choose = (x: Tensor): Tensor =>
    ff.cond(
      x.greater(1),
      (y: Tensor) => y.mul(y).mul(x),
      (y: Tensor) => y.sin(),
      x,
    );

  it(
    'cond chooses, differentiates the chosen branch, and maps',
    here(() => {
      expect(choose(f64(2)).item()).toBe(8);
      expect(choose(f64(0.2)).item()).toBeCloseTo(Math.sin(0.2), 15);
      expect(ff.grad(choose)(f64(2)).item()).toBe(12);
      expect(ff.grad(ff.grad(choose))(f64(2)).item()).toBe(12);
      expect(ff.grad(choose)(f64(0.2)).item()).toBeCloseTo(Math.cos(0.2), 15);
      expect(numbers(ff.vmap(ff.grad(choose))(f64([2, 0.2])))).toEqual([12, expect.closeTo(Math.cos(0.2), 12)]);
      expect(ff.jit(ff.grad(choose))(f64(2)).item()).toBe(12);
    }),
  );

  it(
    'switchCase clamps its index and refuses branches of different form',
    here(() => {
      const branches = [1, 10, 100].map((factor) => (x: Tensor) => x.mul(factor));
      expect([-5, 0, 1, 2, 9].map((i) => ff.switchCase(i, branches, f64(2)).item())).toEqual([2, 2, 20, 200, 200]);
      const index = ff.tensor([2, 0], { dtype: 'i32' });
      expect(numbers(ff.vmap((i: Tensor) => ff.switchCase(i, branches, f64(2)))(index))).toEqual([200, 2]);
      expect(() => ff.switchCase<[Tensor], Tensor>(0, [(x) => x, (x) => x.reshape([1])], f64(1))).toThrow(
        'switchCase: branch 0 returns * with f64[], but branch 1 returns * with f64[1]',
      );
      // A difference of trees shows too, and a condition speaks of itself.
      expect(() =>
        ff.cond<[Tensor], unknown>(
          true,
          (x) => x,
          (x) => [x],
          f64(1),
        ),
      ).toThrow('cond: the branch for false returns [*] with f64[], but the branch for true returns * with f64[]');
      expect(() =>
        ff.cond<[Tensor], unknown>(
          f64(1),
          () => 'yes',
          (x) => x,
          f64(1),
        ),
      ).toThrow(/^cond: /);
    }),
  );

  it(
    'foriLoop is differentiable with numbers as bounds and runs with tensors as bounds',
    here(() => {
      const power = (x: Tensor): Tensor => ff.foriLoop(0, 3, (_i, carry: Tensor) => carry.mul(x), f64(1));
      expect(power(f64(2)).item()).toBe(8);
      expect(ff.grad(power)(f64(2)).item()).toBe(12);
      const sum = ff.jit((n: Tensor) =>
        ff.foriLoop(0, n, (i, carry: Tensor) => carry.add(i), ff.tensor(0, { dtype: 'i32' })),
      );
      expect(sum(ff.tensor(5, { dtype: 'i32' })).item()).toBe(10);
    }),
  );
});
