import { afterEach, describe, expect, test } from 'vitest';
import {
  type DType,
  defaultDevice,
  foriLoop,
  grad,
  jit,
  scan,
  switchCase,
  type Tensor,
  tensor,
  vmap,
} from '../index.ts';

afterEach(() => void defaultDevice('cpu'));

/** `jit` of a function of a tensor and a plain number. */
const jitted = (f: (x: Tensor, n: Tensor) => Tensor) => jit(f) as unknown as (x: Tensor, n: number) => Tensor;
const of = (x: Tensor) => [x.dtype, x.toArray()];

describe.each(['cpu', 'reference'])(
  'numbers as arguments follow the tensors they meet, as in an eager call: %s',
  (device) => {
    const times = (x: Tensor, n: Tensor | number) => x.mul(n);

    test.each<[DType, number[], number[]]>([
      ['i32', [1, 2, 3], [2, -1, 2.5, 0]],
      ['u32', [1, 2, 3], [2, 0.5]],
      ['bool', [1, 0, 1], [2, -3, 0.5]],
      ['f32', [1, 2.5], [2, -0.5]],
      ['f64', [1, 0.1], [0.1, 3]],
    ])('%s', (dtype, data, numbers) => {
      defaultDevice(device);
      const x = tensor(data, { dtype });
      const compiled = jitted(times);
      const mapped = vmap(times, { inAxes: [0, null] }) as unknown as typeof compiled;
      for (const n of [...numbers, ...numbers]) {
        expect(of(compiled(x, n)), `jit ${n}`).toEqual(of(x.mul(n)));
        expect(of(mapped(x, n)), `vmap ${n}`).toEqual(of(x.mul(n)));
        expect(of(jitted((a, k) => vmap(times, { inAxes: [0, null] })(a, k))(x, n)), `vmap in jit ${n}`).toEqual(
          of(x.mul(n)),
        );
      }
    });

    test('a number that an integer has no room for is an error, not another dtype', () => {
      defaultDevice(device);
      expect(() => jitted(times)(tensor([1], { dtype: 'u32' }), -1)).toThrow(/mul: expected a number that u32 holds/);
      expect(() => jitted(times)(tensor([1], { dtype: 'i32' }), 2 ** 31)).toThrow(/that i32 holds/);
    });

    test('any number will do where the result is a float', () => {
      defaultDevice(device);
      for (const n of [-1, 3e9]) {
        for (const dtype of ['u32', 'i32'] as const) {
          const x = tensor([1, 5], { dtype });
          expect(of(jitted((a, k) => a.div(k))(x, n))).toEqual(of(x.div(n)));
          expect(of(jitted((a, k) => a.atan2(k))(x, n))).toEqual(of(x.atan2(n)));
        }
      }
    });

    test('compared with unsigned integers it is itself', () => {
      defaultDevice(device);
      const x = tensor([0, 5], { dtype: 'u32' });
      expect(jitted((a, n) => a.greater(n))(x, -1).toArray()).toEqual([true, true]);
      expect(jitted((a, n) => a.less(n))(x, 3).toArray()).toEqual([true, false]);
      expect(jitted((a, n) => a.less(n))(x, 0.5).toArray()).toEqual([true, false]);
    });

    test('it may be an index', () => {
      defaultDevice(device);
      expect(jitted((a, n) => a.take(n))(tensor([5, 6, 7]), -1).item()).toBe(7);
    });

    test('it may be the bound of a loop, or choose a branch', () => {
      defaultDevice(device);
      const loop = jitted((x, n) => foriLoop(0, n, (_i, c) => c.add(x), tensor(0)));
      expect([3, 0, -2].map((n) => loop(tensor(2), n).item())).toEqual([6, 0, 0]);
      const choice = jitted((x, n) => switchCase(n, [(y: Tensor) => y, (y: Tensor) => y.neg()], x));
      expect([0, 1, 7].map((n) => choice(tensor(2), n).item())).toEqual([2, -2, -2]);
      expect(() => loop(tensor(2), 0.5)).toThrow(/foriLoop: a bound must be a number or an i32 scalar/);
    });

    test('at the start of a carry', () => {
      defaultDevice(device);
      const x = tensor([1, 2, 3], { dtype: 'i32' });
      const sum = (start: number, step: (c: Tensor, v: Tensor) => Tensor) =>
        of(scan((c: Tensor, v: Tensor) => [step(c, v), null], start as unknown as Tensor, x)[0]);
      expect(sum(0, (c, v) => c.add(v))).toEqual(['i32', 6]);
      expect(sum(0.5, (c, v) => c.add(v))).toEqual(['f32', 6.5]);
      // Where the round makes a float of it, it is one from the start: nothing is cut off on the way.
      expect(sum(1, (c, v) => c.mul(v).add(0.5))).toEqual(['f32', 11]);
      const counted = jit((n: Tensor) => foriLoop(0, 4, (i, c) => c.add(i), n)) as unknown as (n: number) => Tensor;
      expect(of(counted(1))).toEqual(['i32', 7]);
      expect(of(counted(0.5))).toEqual(['f32', 6.5]);
    });
  },
);

test('what is differentiated stays a float beside integers', () => {
  const x = tensor([1, 2, 3], { dtype: 'i32' });
  const slope = grad((w: Tensor) => x.mul(w).sum()) as unknown as (w: number) => Tensor;
  expect(of(slope(2))).toEqual(['f32', 6]);
  expect(of(jit(slope)(2))).toEqual(['f32', 6]);
  expect((vmap((v: Tensor) => grad((w: Tensor) => w.mul(v).sum())(tensor(2)))(x) as Tensor).toArray()).toEqual([
    1, 2, 3,
  ]);
});

test('numbers of any kind share one trace where nothing depends on it', () => {
  let traced = 0;
  const f = jitted((x, n) => {
    traced++;
    return x.mul(n);
  });
  for (const n of [0, 0.5, -1, 1e9]) f(tensor([1, 2]), n);
  expect(traced).toBe(1);
  for (const n of [1, 2, 3]) f(tensor([1, 2], { dtype: 'i32' }), n);
  expect(traced).toBe(2);
});
