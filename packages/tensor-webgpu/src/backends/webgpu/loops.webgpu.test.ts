import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { COUNTED_TURNS } from './emit/region.ts';

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

const normal = (shape: readonly number[], seed = 0): Tensor => ff.random.normal(ff.random.key(seed), shape);

/** Runs `f` on the CPU and on the GPU; the tensors of the results must agree. */
async function agree(f: () => unknown, digits = 4): Promise<void> {
  const found: (readonly number[])[][] = [];
  for (const name of ['cpu', 'webgpu']) {
    ff.defaultDevice(name);
    const results = await Promise.all(ff.tree.leaves<Tensor>(f()).map((tensor) => tensor.data()));
    found.push(results.map((data) => [...data]));
  }
  found[0].forEach((expected, k) => {
    expect(found[1][k].length).toBe(expected.length);
    expected.forEach((value, i) => expect(found[1][k][i]).toBeCloseTo(value, digits));
  });
}

describe('loops inside a submit', () => {
  it('of more turns than one number counts', async () => {
    const count = COUNTED_TURNS + 300;
    await agree(() => {
      const [last, all] = ff.jit((x: Tensor) =>
        ff.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [c.mul(0.99).add(t), c], x, ff.arange(count).mod(7)),
      )(ff.ones([3]));
      return [last, all.slice([count - 20, 0], [count, 3])];
    });
  });

  it('inside each other, along rows that do not begin where a binding may', () =>
    agree(() =>
      ff.jit((x: Tensor) =>
        ff.scan(
          (c: Tensor, row: Tensor) => {
            const [next, inner] = ff.scan(
              (e: Tensor, v: Tensor): [Tensor, Tensor] => [e.add(v).mul(0.5), e.mul(v)],
              c,
              row,
            );
            return [next, { inner, sums: row.cumsum(), sorted: ff.sort(row) }] as [Tensor, unknown];
          },
          ff.zeros([2]),
          x,
        ),
      )(normal([3, 4, 2])),
    ));

  it('backwards, of no turns, and with places chosen by values', () =>
    agree(() => [
      ff.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [c.mul(0.5).add(t), c.sum()], ff.zeros([2]), normal([5, 2]), {
        reverse: true,
      }),
      ff.scan((c: Tensor, t: Tensor): [Tensor, Tensor] => [c.add(t), c], ff.ones([2]), ff.zeros([0, 2])),
      ff.scan(
        (c: Tensor, t: Tensor): [Tensor, Tensor] => [
          ff.segmentSum(c, ff.tensor([1, 0, 1], { dtype: 'i32' }), 3).add(t),
          c,
        ],
        ff.ones([3]),
        normal([4, 3]),
      ),
    ]));

  it('have gradients, also with checkpoints', () =>
    agree(() =>
      [false, true].map((checkpoint) =>
        ff.jit(
          ff.grad((w: Tensor) =>
            ff
              .scan(
                (c: Tensor, t: Tensor): [Tensor, null] => [c.matmul(w).tanh().add(t), null],
                ff.ones([3]),
                normal([6, 3], 2),
                { checkpoint },
              )[0]
              .sum(),
          ),
        )(normal([3, 3], 1)),
      ),
    ));

  it('whose bodies branch are run by the host', () =>
    agree(() =>
      ff.scan(
        (c: Tensor, t: Tensor): [Tensor, Tensor] => [
          ff.cond(
            t.greater(0),
            (v: Tensor) => v.mul(2),
            (v: Tensor) => v.sub(1),
            c,
          ),
          c,
        ],
        ff.ones([2]),
        ff.tensor([1, -1, 2, -3]),
      ),
    ));
});
