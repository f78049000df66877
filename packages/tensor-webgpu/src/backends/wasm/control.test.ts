import { describe, it } from 'vitest';
import '../../rewrites/index.ts';
import '../../tensor/methods.ts';
import type { Value } from '../../program/value.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cond, switchCase } from '../../transforms/control/branches.ts';
import { scan, whileLoop } from '../../transforms/control/loops.ts';
import { check, f32, f64, i32 } from './testing/against-reference.ts';

const tensor = (value: Value): Tensor => value as Tensor;

describe('scan', () => {
  for (const length of [0, 1, 2, 5]) {
    for (const reverse of [false, true]) {
      it(`carries and stacks over ${length} rounds${reverse ? ' from the end' : ''}`, () => {
        check([f32(3, 5), f32(5, 5), f32(length, 3, 5)], (l, x, w, xs) => {
          const [last, ys] = scan(
            (carry: { h: Tensor; count: Tensor }, step: Tensor): [{ h: Tensor; count: Tensor }, Tensor[]] => {
              const h = tensor(
                l.tanh(l.add(l.dotGeneral(carry.h, w, { contract: [[1], [0]], batch: [[], []] }), step)),
              );
              return [{ h, count: tensor(l.add(carry.count, 1)) }, [h, tensor(l.reduceSum(h, [0, 1]))]];
            },
            { h: tensor(x), count: tensor(l.zeros(i32())) },
            tensor(xs),
            { reverse },
          );
          return [last.h, last.count, ...ys];
        });
      });
    }
  }
  it('writes slices of odd sizes and nothing past them', () => {
    check([f32(7, 3)], (l, xs) => {
      const [, ys] = scan(
        (carry: Tensor, x: Tensor): [Tensor, Tensor[]] => [tensor(l.add(carry, x)), [tensor(l.exp(x)), carry]],
        tensor(l.zeros(f32(3))),
        tensor(xs),
        { reverse: true },
      );
      return ys;
    });
  });
  it('nests', () => {
    check([f64(4, 3)], (l, xs) => {
      const [sum] = scan(
        (outer: Tensor, row: Tensor): [Tensor, null] => {
          const [inner] = scan(
            (acc: Tensor, x: Tensor): [Tensor, null] => [tensor(l.add(l.mul(acc, 0.5), x)), null],
            outer,
            row,
          );
          return [inner, null];
        },
        tensor(l.zeros(f64())),
        tensor(xs),
      );
      return [sum];
    });
  });
});

describe('whileLoop', () => {
  for (const limit of [0, 1, 2, 7]) {
    it(`stops after ${limit} rounds`, () => {
      check([f32(4, 3)], (l, x) => {
        const [count, total] = whileLoop(
          ([i]: [Tensor, Tensor]) => tensor(l.lt(i, limit)),
          ([i, acc]: [Tensor, Tensor]): [Tensor, Tensor] => [tensor(l.add(i, 1)), tensor(l.add(l.mul(acc, 0.5), x))],
          [tensor(l.zeros(i32())), tensor(x)],
        );
        return [count, total];
      });
    });
  }
});

describe('branches', () => {
  it('runs the chosen one', () => {
    for (const index of [-1, 0, 1, 2, 9]) {
      check([f32(6)], (l, x) => [
        switchCase(
          tensor(l.add(l.zeros(i32()), index)),
          [(v: Tensor) => tensor(l.exp(v)), (v: Tensor) => tensor(l.neg(v)), (v: Tensor) => v],
          tensor(x),
        ),
      ]);
    }
    check([f32(6)], (l, x) => [
      cond(
        tensor(l.gt(l.reduceSum(x, [0]), 0)),
        (v: Tensor) => tensor(l.reduceMax(v, [0])),
        (v: Tensor) => tensor(l.reduceMin(v, [0])),
        tensor(x),
      ),
    ]);
  });
});
