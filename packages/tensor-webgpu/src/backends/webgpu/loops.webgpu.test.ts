import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import type { WebGpuDevice } from './device.ts';
import { COUNTED_TURNS } from './emit/region.ts';
import { apiCalls } from './testing/apiCalls.ts';

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

  it('with routines whose results end in a slice that the turn chooses', () =>
    agree(() =>
      ff.jit((x: Tensor, ts: Tensor) =>
        ff.scan(
          (c: Tensor, t: Tensor): [Tensor, Tensor] => [
            c.add(t),
            ff.where(c.sum().less(1), c.cos(), ff.sort(c).neg()).mul(ff.sort(c.add(t))),
          ],
          x,
          ts,
        ),
      )(ff.tensor([0.2, 0.1, -0.3]), ff.tensor([0.5, 1.5, 2, -9])),
    ));

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

  describe('whose bodies branch', () => {
    /** Submits and reads of a run that is not the first, and of reading its result. */
    async function calls(f: (...xs: Tensor[]) => Tensor, ...given: Tensor[]) {
      ff.defaultDevice('webgpu');
      const compiled = ff.jit(f);
      await compiled(...given).data();
      const { device } = (deviceNamed('webgpu') as WebGpuDevice).connection;
      // One submit and one read of these are of the result.
      return apiCalls(device, async () => {
        await compiled(...given).data();
      });
    }

    const twice = (v: Tensor): Tensor => v.mul(2);
    const less = (v: Tensor): Tensor => v.sub(1);
    const branching = (start: Tensor, ts: Tensor): Tensor =>
      ff.scan(
        (c: Tensor, t: Tensor): [Tensor, Tensor] => {
          const next = ff.cond(t.greater(0), twice, less, c) as Tensor;
          return [next, next.sum()];
        },
        start,
        ts,
      )[1];
    const signs = [1, -1, 2, -3, 5, 0, 1, -1];

    it('do so on the GPU: one submit, and nothing is read', async () => {
      await agree(() => branching(ff.ones([2]), ff.tensor(signs)));
      ff.defaultDevice('webgpu');
      expect(await calls(branching, ff.ones([2]), ff.tensor(signs))).toMatchObject({ submit: 2, mapAsync: 1 });
    });

    it('keep what a branch that is not taken would spoil', async () => {
      const f = (x: Tensor, ts: Tensor): Tensor =>
        ff.scan(
          (c: Tensor, t: Tensor): [Tensor, null] => {
            const next = ff.switchCase(
              t,
              [
                (v: Tensor) => v.log().add(v.neg().sqrt()).div(0),
                (v: Tensor) => v.add(0.5),
                (v: Tensor) => v.mul(ff.tensor(Number.NaN)),
              ],
              c,
            ) as Tensor;
            return [next, null];
          },
          x,
          ts,
        )[0];
      const taken = (): Tensor => ff.tensor([1, 1, 1], { dtype: 'i32' });
      for (const device of ['cpu', 'webgpu']) {
        ff.defaultDevice(device);
        expect([...(await f(ff.tensor([1, 0, -0]), taken()).data())]).toEqual([2.5, 1.5, 1.5]);
        const slope = ff.grad((x: Tensor) => f(x, taken()).sum())(ff.tensor([1, 0, -0]));
        expect([...(await slope.data())]).toEqual([1, 1, 1]);
        // An index below the first branch or beyond the last takes the nearest.
        const beyond = await f(ff.tensor([1]), ff.tensor([7], { dtype: 'i32' })).data();
        expect(beyond[0]).toBeNaN();
        expect((await f(ff.tensor([1]), ff.tensor([-4], { dtype: 'i32' })).data())[0]).toBeNaN();
      }
    });

    it('with several results, loops and choices inside branches, and gradients', () =>
      agree(() => {
        const f = (x: Tensor): Tensor =>
          ff.scan(
            (c: Tensor, t: Tensor): [Tensor, Tensor] => {
              const [a, b] = ff.cond(
                c.sum().less(3),
                (v: Tensor): Tensor[] => [
                  ff.scan((e: Tensor, w: Tensor): [Tensor, null] => [e.add(w.mul(t)), null], v, ff.ones([3, 2]))[0],
                  ff.cond(
                    t.greater(1),
                    (u: Tensor) => u.sin(),
                    (u: Tensor) => u.cos(),
                    v,
                  ) as Tensor,
                ],
                (v: Tensor): Tensor[] => [v.mul(0.25), ff.sort(v)],
                c,
              ) as Tensor[];
              return [a, b];
            },
            x,
            ff.tensor([0.5, 1.5, 2, -1, 3]),
          )[1];
        return [f(ff.tensor([0.1, 0.2])), ff.grad((x: Tensor) => f(x).sum())(ff.tensor([0.1, 0.2]))];
      }));

    it('or that choose once between little work; and read which where there is much', async () => {
      const choice =
        (heavy: boolean) =>
        (x: Tensor, p: Tensor): Tensor =>
          ff.cond(
            p.greater(0),
            (v: Tensor) => (heavy ? v.matmul(v).matmul(v).matmul(v) : v.mul(2)),
            (v: Tensor) => v,
            x,
          ) as Tensor;
      for (const [heavy, reads] of [
        [false, 1],
        [true, 2],
      ] as const) {
        const side = heavy ? 280 : 4;
        await agree(() => choice(heavy)(ff.eye(side).mul(0.5), ff.tensor(-1)));
        ff.defaultDevice('webgpu');
        expect((await calls(choice(heavy), ff.eye(side), ff.tensor(-1))).mapAsync).toBe(reads);
      }
    });
  });
});
