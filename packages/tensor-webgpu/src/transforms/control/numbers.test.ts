import { describe, expect, test } from 'vitest';
import * as ff from '../../index.ts';

const { cond, foriLoop, grad, jit, scan, switchCase, tensor, vmap, whileLoop } = ff;
type Tensor = ff.Tensor;

describe.each([
  ['cpu', 'f32'],
  ['cpu', 'f64'],
  ['reference', 'f32'],
  ['reference', 'f64'],
] as const)('plain numbers in control flow follow the tensors they meet: %s, %s', (device, dtype) => {
  const x = tensor([1, 2, 3], { device, dtype });
  const two = tensor(2, { device, dtype });
  const sumOf = (x: Tensor): [unknown, Tensor] =>
    scan<Tensor, Tensor, Tensor>((c, v) => [c.add(v), c.mul(v)], 0 as unknown as Tensor, x);
  const power = (v: Tensor): Tensor => foriLoop(0, 3, (_, c) => c.mul(v), 1 as unknown as Tensor);
  const three = 3 as unknown as Tensor;
  const product = (a: Tensor, b: Tensor): Tensor => a.mul(b);
  const first = (a: Tensor): Tensor => a;
  const calls: readonly [string, () => unknown, unknown][] = [
    ['the carry of foriLoop', () => power(two), 8],
    ['bounds of foriLoop beside a tensor', () => foriLoop(0, 3, (i, c) => c.add(i), two), 5],
    [
      'a bound that is a tensor',
      () => foriLoop(0, tensor(3, { device, dtype: 'i32' }), (_, c) => c.add(two), 1 as unknown as Tensor),
      7,
    ],
    ['the carry of scan', () => sumOf(x), [6, [0, 2, 9]]],
    ['the carry of scan in jit', () => jit(sumOf)(x), [6, [0, 2, 9]]],
    [
      'a number that the body returns',
      () => scan<Tensor, Tensor, null>((_, v) => [5 as unknown as Tensor, v.mul(0) && null], two, x)[0],
      5,
    ],
    [
      'the carry of whileLoop',
      () =>
        whileLoop(
          ({ i }) => i.less(3),
          ({ i, y }) => ({ i: i.add(1), y: y.mul(two) }),
          { i: 0, y: 1 } as unknown as { i: Tensor; y: Tensor },
        ),
      { i: 3, y: 8 },
    ],
    ['a predicate and an operand of cond', () => cond<Tensor[], Tensor>(true, product, first, two, three), 6],
    ['an operand of cond', () => cond<Tensor[], Tensor>(two.greater(1), product, first, two, three), 6],
    ['what a branch returns', () => cond<Tensor[], Tensor>(two.less(1), first, () => 7 as unknown as Tensor, two), 7],
    [
      'an index and an operand of switchCase',
      () => switchCase(1, [(a) => a.mul(x), (a) => a.add(x)], three),
      [4, 5, 6],
    ],
    ['under grad', () => grad(power)(two), 12],
    ['under vmap', () => vmap(power)(x), [1, 8, 27]],
  ];

  test.each(calls)('%s', (_, call, expected) => {
    const result = call();
    expect(ff.tree.map((leaf: unknown) => (leaf as Tensor).toArray(), result)).toEqual(expected);
    for (const leaf of ff.tree.leaves(result) as Tensor[]) expect(leaf.device?.name).toBe(device);
  });
});

test('a number that must change its kind to fit is still an error', () => {
  const ints = tensor([1, 2], { dtype: 'i32' });
  expect(() => scan<Tensor, Tensor, null>((_) => [0.5 as unknown as Tensor, null], ints.at(0), ints)).toThrow(
    /carry must keep its form/,
  );
  expect(() => switchCase(0.5, [(a: Tensor) => a], tensor(1))).toThrow(/index must be an integer, got 0.5/);
});

test('what decides or bounds is checked', () => {
  const two = tensor(2);
  const run = (predicate: unknown): number =>
    cond<[Tensor], Tensor>(
      predicate as Tensor,
      (x) => x.mul(10),
      (x) => x,
      two,
    ).item();
  // A number holds where it is not 0, as in JAX; a cast to an integer would make 0 of 0.5.
  expect([run(tensor(0.5)), run(0.5), run(tensor(0)), run(0), run(tensor(-3, { dtype: 'i32' }))]).toEqual([
    20, 20, 2, 2, 20,
  ]);
  expect(() => run(tensor([true, false]))).toThrow(/cond: the predicate must be a scalar, got bool\[2\]/);
  expect(() => switchCase(tensor(1.5), [(x: Tensor) => x], two)).toThrow(/index must be an integer/);
  expect(() => foriLoop(2 ** 40, 2 ** 40 + 2, (_, c) => c, two)).toThrow(/fit 32 bits/);
  expect(() => foriLoop(0, tensor(2.5), (_, c) => c, two)).toThrow(/i32 scalar/);
  expect(() => scan<Tensor, Tensor, Tensor>((c, x) => [c, x], two, two)).toThrow(/an axis to run along/);
  expect(
    cond<[Tensor], undefined>(
      true,
      () => undefined,
      () => undefined,
      two,
    ),
  ).toBeUndefined();
});
