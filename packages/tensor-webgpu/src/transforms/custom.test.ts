import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

const f64 = (data: number | number[]): Tensor => ff.tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => (x.toArray() as number[]).flat(Infinity) as number[];

describe.each(ff.devices())('custom rules, checkpoints and gradient stops on %s', (device) => {
  const here = (test: () => void) => () => {
    ff.defaultDevice(device);
    test();
  };
  // Rules that are wrong on purpose (factors 2 and 3), so that a test sees whether they are used.
  const doubled = ff.customJvp(
    (x: Tensor) => x.exp(),
    ([x], [dx]) => [x.exp(), dx.mul(x.exp()).mul(2)],
  );
  const tripled = ff.customVjp(
    (x: Tensor, y: Tensor) => x.mul(y),
    (x: Tensor, y: Tensor) => [x.mul(y), { x, y }],
    ({ x, y }, cotangent: Tensor) => [cotangent.mul(y).mul(3), cotangent.mul(x)],
  );

  it(
    'customJvp is used by every mode, under vmap and jit, and at second order',
    here(() => {
      const at = f64(0.5);
      const expected = 2 * Math.exp(0.5);
      expect(doubled(at).item()).toBeCloseTo(Math.exp(0.5), 14);
      expect(ff.grad(doubled)(at).item()).toBeCloseTo(expected, 14);
      expect(ff.jvp(doubled, [at], [f64(1)])[1].item()).toBeCloseTo(expected, 14);
      expect(ff.jit(ff.grad(doubled))(at).item()).toBeCloseTo(expected, 14);
      expect(ff.grad(ff.grad(doubled))(at).item()).toBeCloseTo(expected, 14);
      expect(numbers(ff.vmap(ff.grad(doubled))(f64([0.5, 1])))).toEqual([
        expect.closeTo(expected, 13),
        expect.closeTo(2 * Math.E, 13),
      ]);
    }),
  );

  it(
    'customVjp is used by reverse mode, under vmap and jit, and at second order',
    here(() => {
      const gradient = ff.grad(tripled, { argnums: [0, 1] });
      expect(gradient(f64(2), f64(5)).map((g: Tensor) => g.item())).toEqual([15, 2]);
      expect(
        ff
          .jit(gradient)(f64(2), f64(5))
          .map((g: Tensor) => g.item()),
      ).toEqual([15, 2]);
      const mapped = ff.vmap(gradient, { inAxes: [0, null] })(f64([1, 2]), f64(5)) as Tensor[];
      expect(numbers(mapped[0])).toEqual([15, 15]);
      expect(numbers(mapped[1])).toEqual([1, 2]);
      // d/dy of (3 y) is 3.
      expect(
        ff
          .grad((y: Tensor) => ff.grad(tripled)(f64(2), y))(f64(5))
          .item(),
      ).toBe(3);
    }),
  );

  it(
    'forward mode through customVjp, and a moving value from outside, are named errors',
    here(() => {
      expect(() => ff.jvp(tripled, [f64(1), f64(2)], [f64(1), f64(0)])[1].item()).toThrow(
        'has no forward-mode derivative',
      );
      const leaky = (w: Tensor): Tensor =>
        ff.customJvp(
          (x: Tensor) => x.mul(w),
          ([x], [dx]) => [x.mul(w), dx.mul(w)],
        )(f64(2));
      expect(() => ff.grad(leaky)(f64(3))).toThrow('Pass that value as an argument.');
    }),
  );

  it(
    'a rule that returns another shape is refused',
    here(() => {
      const wrong = ff.customJvp(
        (x: Tensor) => x.exp(),
        ([x], [dx]) => [x.exp(), dx.reshape([1])],
      );
      expect(() => ff.grad(wrong)(f64(1))).toThrow('customJvp: the rule returned shapes [1]; expected []');
    }),
  );

  it(
    'checkpoint changes no value and no derivative of any order',
    here(() => {
      const f = (x: Tensor): Tensor => x.sin().mul(x.exp()).tanh();
      const kept = (x: Tensor): Tensor => ff.checkpoint(f)(x).mul(x);
      const plain = (x: Tensor): Tensor => f(x).mul(x);
      type Scalar = (x: Tensor) => Tensor;
      const orders: ((g: Scalar) => Scalar)[] = [
        (g) => g,
        ff.grad,
        (g) => ff.grad(ff.grad(g)),
        (g) => ff.jacfwd(ff.grad(g)),
      ];
      for (const order of orders) {
        const points = f64([0.4, 0.8]);
        expect(order(kept)(f64(0.4)).item()).toBeCloseTo(order(plain)(f64(0.4)).item(), 12);
        const mapped = numbers(ff.vmap(order(plain))(points));
        numbers(ff.vmap(order(kept))(points)).forEach((value, i) => {
          expect(value).toBeCloseTo(mapped[i], 12);
        });
      }
    }),
  );

  it(
    'checkpoint computes the body again in the backward pass',
    here(() => {
      const f = (x: Tensor): Tensor => x.sin().exp().sin().sum();
      const count = (g: (x: Tensor) => Tensor): number =>
        (
          ff
            .explain(ff.grad(g))(f64([1, 2]))
            .program.match(/= exp /g) ?? []
        ).length;
      expect(count((x) => f(x).mul(f(x)))).toBe(1);
      expect(count((x) => ff.checkpoint(f)(x).pow(2))).toBe(2);
    }),
  );

  it(
    'checkpoint holds loops of any kind',
    here(() => {
      const loop = (x: Tensor): Tensor =>
        ff.scan((c: Tensor) => [c.mul(x).sin(), c.sum()], x, null, { length: 3 })[0].sum();
      const at = f64([0.7, -1.2]);
      expect(ff.grad(ff.checkpoint(loop))(at).toArray()).toEqual(ff.grad(loop)(at).toArray());
      const twice = (f: (x: Tensor) => Tensor): unknown => ff.hessian(f)(at).toArray();
      expect(twice(ff.checkpoint(loop))).toEqual(twice(loop));
      const endless = (x: Tensor): Tensor =>
        ff.whileLoop(
          (c: Tensor) => c.sum().less(9),
          (c: Tensor) => c.mul(c),
          x,
        );
      expect(() => ff.grad((x: Tensor) => ff.checkpoint(endless)(x).sum())(f64([2, 3]))).toThrow(
        /Reverse mode cannot run backwards through whileLoop/,
      );
    }),
  );

  it(
    'stopGradient is a constant to every transform',
    here(() => {
      const f = (x: Tensor): Tensor => ff.stopGradient(x).mul(x);
      expect(ff.grad(f)(f64(3)).item()).toBe(3);
      expect(ff.grad(ff.grad(f))(f64(3)).item()).toBe(0);
      expect(ff.jvp(f, [f64(3)], [f64(1)])[1].item()).toBe(3);
      expect(
        ff
          .grad((x: Tensor) => ff.stopGradient({ a: x }).a.mul(2))(f64(1))
          .item(),
      ).toBe(0);
    }),
  );
});
