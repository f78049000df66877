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

describe('custom rules take', () => {
  const x = ff.tensor([1, 2, 3]);
  const at = ff.tensor([2, 0], { dtype: 'i32' });

  it('null for arguments without a derivative, and for zero', () => {
    const pick = ff.customVjp(
      (v: Tensor, i: Tensor) => ff.take(v, i),
      (v: Tensor, i: Tensor) => [ff.take(v, i), { v, i }],
      ({ v, i }, ct: Tensor) => [ff.scatterAdd(ff.zerosLike(v), i, ct.mul(10)), null],
    );
    expect(numbers(ff.grad((v: Tensor) => pick(v, at).sum())(x))).toEqual([10, 0, 10]);
    const mapped = ff.vmap(
      ff.grad((v: Tensor, i: Tensor) => pick(v, i).sum()),
      { inAxes: [null, 0] },
    );
    expect(mapped(x, at.expandDims(1)).toArray()).toEqual([
      [0, 0, 10],
      [10, 0, 0],
    ]);
    const parts = ff.customVjp(
      ({ a, b }: { a: Tensor; b: Tensor }) => a.mul(b),
      ({ a, b }: { a: Tensor; b: Tensor }) => [a.mul(b), b],
      (b, ct: Tensor) => [{ a: ct.mul(b), b: null }],
    );
    const slopes = ff.grad((p: { a: Tensor; b: Tensor }) => parts(p).sum())({ a: x, b: x.mul(2) });
    expect([numbers(slopes.a), numbers(slopes.b)]).toEqual([
      [2, 4, 6],
      [0, 0, 0],
    ]);
    const flat = ff.customJvp(
      (v: Tensor) => v.floor(),
      ([v]) => [v.floor(), null],
    );
    expect(numbers(ff.grad((v: Tensor) => flat(v).sum())(x))).toEqual([0, 0, 0]);
  });

  it('static arguments', () => {
    const power = ff.customJvp(
      (v: Tensor, name: string, n: number) => (name === 'pow' ? v.pow(n) : v),
      ([v, name, n], [dv, none]) => {
        expect([name, none]).toEqual(['pow', null]);
        return [v.pow(n), dv.mul(100)];
      },
      { staticArgnums: [1, 2] },
    );
    expect(numbers(power(x, 'pow', 2))).toEqual([1, 4, 9]);
    expect(numbers(ff.grad((v: Tensor) => power(v, 'pow', 2).sum())(x))).toEqual([100, 100, 100]);
    const scaled = ff.customVjp(
      (how: (v: Tensor) => Tensor, v: Tensor) => how(v),
      (how: (v: Tensor) => Tensor, v: Tensor) => [how(v), v],
      (v, ct: Tensor, how) => [null, ct.mul(how(v))],
      { staticArgnums: [0] },
    );
    const slope = ff.jit(ff.grad((v: Tensor) => scaled((u) => u.square(), v).sum()));
    expect(numbers(slope(x))).toEqual([1, 4, 9]);
  });

  it('no wrong returns, each a named error', () => {
    const one = (v: Tensor) => v.mul(2);
    const jvpOf = (rule: unknown) => () =>
      ff.grad((v: Tensor) =>
        ff
          .customJvp(
            one,
            rule as never,
          )(v)
          .sum(),
      )(x);
    expect(jvpOf(() => undefined)).toThrow(ff.ArgumentError);
    expect(jvpOf(([v]: Tensor[]) => v)).toThrow('the rule must return a pair');
    expect(jvpOf(([v]: Tensor[]) => [v, v.sum()])).toThrow(ff.ShapeError);
    const vjpOf = (forward: unknown, backward: unknown) => () =>
      ff.grad((v: Tensor) =>
        ff
          .customVjp(
            one,
            forward as never,
            backward as never,
          )(v)
          .sum(),
      )(x);
    expect(vjpOf(one, (_r: unknown, ct: Tensor) => [ct])).toThrow('the forward rule must return a pair');
    expect(
      vjpOf(
        (v: Tensor) => [v, null],
        (_r: unknown, ct: Tensor) => ct,
      ),
    ).toThrow('a cotangent for each of the 1 arguments');
    expect(
      vjpOf(
        (v: Tensor) => [v, null],
        () => [],
      ),
    ).toThrow(ff.ArgumentError);
    expect(
      vjpOf(
        (v: Tensor) => [v, null],
        () => undefined,
      ),
    ).toThrow(ff.ArgumentError);
    expect(
      vjpOf(
        (v: Tensor) => [v, null],
        (_r: unknown, ct: Tensor) => [ct.sum()],
      ),
    ).toThrow(ff.ShapeError);
    expect(() => ff.customJvp(one, one as never, { static: [0] } as never)).toThrow('staticArgnums');
  });
});
