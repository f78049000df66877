import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

const f64 = (data: number | number[] | number[][]): Tensor => ff.tensor(data, { dtype: 'f64' });
const numbers = (x: Tensor): number[] => (x.toArray() as number[]).flat(Infinity) as number[];

describe.each(ff.devices())('transforms on %s', (device) => {
  const here = (test: () => void) => () => {
    ff.defaultDevice(device);
    test();
  };

  it(
    'grad takes trees, several arguments and auxiliary results',
    here(() => {
      const loss = (p: { w: Tensor; b: Tensor[] }, x: Tensor): Tensor => p.w.mul(x).sum().add(p.b[0].mul(p.b[1]));
      const params = { w: f64([1, 2]), b: [f64(3), f64(4)] };
      const [value, gradient] = ff.valueAndGrad(loss)(params, f64([5, 6]));
      expect(value.item()).toBe(29);
      expect(numbers(gradient.w)).toEqual([5, 6]);
      expect(gradient.b.map((b: Tensor) => b.item())).toEqual([4, 3]);
      const both = ff.grad(loss, { argnums: [0, 1] })(params, f64([5, 6]));
      expect(numbers(both[1])).toEqual([1, 2]);
      const [g, aux] = ff.grad((x: Tensor) => [x.mul(x), { twice: x.mul(2) }], { hasAux: true })(f64(3));
      expect([g.item(), aux.twice.item()]).toEqual([6, 6]);
    }),
  );

  it(
    'grad of an argument that does not matter is zero',
    here(() => {
      const gradients = ff.grad((x: Tensor, _y: Tensor) => x.mul(2), { argnums: [0, 1] })(f64(1), f64([1, 2]));
      expect(gradients[0].item()).toBe(2);
      expect(numbers(gradients[1])).toEqual([0, 0]);
    }),
  );

  it(
    'the derivative of a number is taken as of an f32 scalar',
    here(() => {
      expect(
        ff
          .grad((x: Tensor) => ff.mul(x, x))(3 as unknown as Tensor)
          .item(),
      ).toBe(6);
    }),
  );

  it(
    'jvp, vjp and linearize agree on a Jacobian',
    here(() => {
      const f = (x: Tensor): Tensor => ff.stack([x.prod(), x.mul(x).sum(), x.sin().sum()]);
      const x = f64([0.5, -1.5]);
      const forward = numbers(ff.jacfwd(f)(x));
      const reverse = numbers(ff.jacrev(f)(x));
      const exact = [-1.5, 0.5, 1, -3, Math.cos(0.5), Math.cos(1.5)];
      exact.forEach((value, i) => {
        expect(forward[i]).toBeCloseTo(value, 13);
        expect(reverse[i]).toBeCloseTo(value, 13);
      });
      const [, push] = ff.linearize(f, x);
      const [y, pull] = ff.vjp(f, x);
      expect(numbers(push(f64([1, 0])))).toEqual([0, 2, 4].map((i) => expect.closeTo(exact[i], 13)));
      expect(numbers(pull(f64([1, 0, 0]))[0])).toEqual([-1.5, 0.5]);
      expect(y.shape).toEqual([3]);
      expect(numbers(ff.jvp(f, [x], [f64([0, 1])])[1])).toEqual([1, 3, 5].map((i) => expect.closeTo(exact[i], 13)));
    }),
  );

  it(
    'jacobians of trees have the result outside and the argument inside',
    here(() => {
      const f = (p: { a: Tensor; b: Tensor }): { sum: Tensor; square: Tensor } => ({
        sum: p.a.add(p.b),
        square: p.b.mul(p.b),
      });
      const jacobian = ff.jacrev(f)({ a: f64([1, 2]), b: f64([3, 4]) });
      expect(numbers(jacobian.sum.a)).toEqual([1, 0, 0, 1]);
      expect(numbers(jacobian.square.a)).toEqual([0, 0, 0, 0]);
      expect(numbers(jacobian.square.b)).toEqual([6, 0, 0, 8]);
    }),
  );

  it(
    'vmap maps chosen axes and trees, and stacks where asked',
    here(() => {
      const matrix = f64([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect(numbers(ff.vmap((row: Tensor) => row.sum())(matrix))).toEqual([6, 15]);
      expect(numbers(ff.vmap((column: Tensor) => column.sum(), { inAxes: 1 })(matrix))).toEqual([5, 7, 9]);
      expect(ff.vmap((x: Tensor) => x, { outAxes: 1 })(matrix).shape).toEqual([3, 2]);
      const mixed = ff.vmap((p: { x: Tensor; y: Tensor }, z: Tensor) => p.x.mul(p.y).add(z), {
        inAxes: [{ x: 0, y: null }, null],
      });
      expect(numbers(mixed({ x: f64([1, 2]), y: f64(10) }, f64(1)))).toEqual([11, 21]);
      const pairs = ff.vmap(
        ff.vmap((a: Tensor, b: Tensor) => a.mul(b), { inAxes: [null, 0] }),
        { inAxes: [0, null] },
      );
      expect(numbers(pairs(f64([1, 2]), f64([3, 4])))).toEqual([3, 4, 6, 8]);
    }),
  );

  it(
    'jit traces once per form of its arguments',
    here(() => {
      let traces = 0;
      const f = ff.jit(
        (x: Tensor, factor: number) => {
          traces++;
          return x.mul(factor);
        },
        { staticArgnums: [1] },
      );
      expect(f(f64(2), 3).item()).toBe(6);
      expect(f(f64(5), 3).item()).toBe(15);
      expect(traces).toBe(1);
      f(f64([1, 2]), 3);
      expect(traces).toBe(2);
      expect(f(f64(5), 4).item()).toBe(20);
      expect(traces).toBe(3);
    }),
  );

  it(
    'jit returns inputs, constants and one value twice',
    here(() => {
      const [x, one, twice, again] = ff.jit((a: Tensor) => [a, 1 as unknown as Tensor, a.mul(2), a.mul(2)])(
        f64([1, 2]),
      );
      expect(numbers(x)).toEqual([1, 2]);
      expect(one.item()).toBe(1);
      twice.dispose();
      expect(numbers(again)).toEqual([2, 4]);
    }),
  );

  it(
    'a donated tensor is gone, and says so',
    here(() => {
      const step = ff.jit((state: Tensor, x: Tensor) => state.add(x), { donate: [0] });
      const state = f64([1, 2]);
      expect(numbers(step(state, f64([1, 1])))).toEqual([2, 3]);
      expect(() => state.add(1)).toThrow('was used after it was donated to a jitted function');
    }),
  );

  it(
    'a donated tensor given twice is refused instead of overwritten under its twin',
    here(() => {
      const step = ff.jit((s: { a: Tensor; b: Tensor }) => ({ a: s.a.add(1), b: s.b.mul(10) }), { donate: [0] });
      const x = f64([1, 2]);
      expect(() => step({ a: x, b: x })).toThrow(
        'the donated tensor at leaf 0 of the arguments is given more than once',
      );
      expect(numbers(x)).toEqual([1, 2]);
      expect(numbers(step({ a: x, b: f64([1, 2]) }).b)).toEqual([10, 20]);
    }),
  );

  it(
    'values outside a trace are constants of it',
    here(() => {
      const scale = f64(3);
      const f = ff.jit((x: Tensor) => x.mul(scale));
      expect(f(f64(2)).item()).toBe(6);
      expect(
        ff
          .grad((x: Tensor) => ff.grad((y: Tensor) => x.mul(y).mul(y))(x))(f64(3))
          .item(),
      ).toBe(12);
    }),
  );

  describe('errors', () => {
    it(
      'grad of something that is not a scalar',
      here(() => {
        expect(() => ff.grad((x: Tensor) => x.mul(2))(f64([1, 2]))).toThrow(
          'grad: the function must return one floating scalar, got f64[2]. Reduce it with .sum() or .mean(), or use jacrev.',
        );
      }),
    );

    it(
      'grad of an integer and of an argument that is not there',
      here(() => {
        expect(() => ff.grad((x: Tensor) => x.sum())(ff.tensor([1], { dtype: 'i32' }))).toThrow(ff.DTypeError);
        expect(() => ff.grad((x: Tensor) => x, { argnums: 1 })(f64(1))).toThrow('argnums 1 is not an argument');
      }),
    );

    it(
      'reading inside a trace names the line of the user',
      here(() => {
        expect(() => ff.jit((x: Tensor) => (x.item() > 0 ? x : x.neg()))(f64(1))).toThrow(ff.TraceError);
        expect(() => ff.jit((x: Tensor) => (x.item() > 0 ? x : x.neg()))(f64(1))).toThrow(/transforms\.test\.ts:\d+/);
      }),
    );

    it(
      'a value that escaped from its trace',
      here(() => {
        let escaped: Tensor | undefined;
        ff.jit((x: Tensor) => {
          escaped = x.mul(2);
          return x;
        })(f64(1));
        expect(() => (escaped as Tensor).add(1)).toThrow();
        expect(() => ff.jit((x: Tensor) => x.add(escaped as Tensor))(f64(1))).toThrow(
          'A value escaped from the function that was traced',
        );
      }),
    );

    it(
      'vmap over different extents, or over nothing',
      here(() => {
        expect(() => ff.vmap((a: Tensor, b: Tensor) => a.add(b))(f64([1, 2]), f64([1, 2, 3]))).toThrow(
          'vmap: mapped axes have extents 2 and 3.',
        );
        expect(() => ff.vmap((a: Tensor) => a, { inAxes: null })(f64(1))).toThrow('no argument is mapped');
      }),
    );

    it(
      'an argument that is no tensor',
      here(() => {
        expect(() => ff.jit((x: unknown) => x as Tensor)('text')).toThrow('expected tensors, numbers or booleans');
      }),
    );

    it(
      'directions that do not fit',
      here(() => {
        expect(() => ff.jvp((x: Tensor) => x, [f64([1, 2])], [f64([1])])).toThrow(
          'leaf 0 has shape [2] but its direction has [1]',
        );
      }),
    );
  });
});
