import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

const normal = (shape: readonly number[], seed = 0): Tensor => ff.random.normal(ff.random.key(seed), shape);
const places = (count: number, below: number): Tensor => ff.random.randint(ff.random.key(9), [count], 0, below);

/** The result of `f` on the CPU, and twice on the GPU: the latter must have the same bits. */
async function agree(f: () => Tensor): Promise<void> {
  const found: ArrayLike<number>[] = [];
  for (const name of ['cpu', 'webgpu', 'webgpu']) {
    ff.defaultDevice(name);
    found.push(await ff.jit(f)().data());
  }
  expect(found[2]).toEqual(found[1]);
  for (let i = 0; i < found[0].length; i++) {
    const [expected, actual] = [found[0][i], found[1][i]];
    if (Object.is(expected, actual) || Math.abs(actual - expected) <= 1e-4 * (1 + Math.abs(expected))) continue;
    throw new Error(`element ${i}: expected ${expected}, got ${actual}`);
  }
}

describe('updates without atomic operations', () => {
  it('of few places', () => agree(() => ff.segmentSum(normal([500, 3]), places(500, 20), 20)));

  it('of so many that each place has a list', () =>
    agree(() => ff.segmentSum(normal([6000, 8]), places(6000, 1500), 1500)));

  it('of which most go to three places', () =>
    agree(() => ff.segmentSum(normal([9000, 4]), places(9000, 3).mul(700), 2000)));

  it('of which some are dropped, and places without any', () =>
    agree(() => ff.segmentMax(normal([9000, 4]), places(9000, 2100), 2000)));

  it('of the gradient of a look-up', () =>
    agree(() =>
      ff.grad((table: Tensor) =>
        ff
          .take(table, places(4000, 900), { axis: 0 })
          .mul(normal([4000, 32], 5))
          .sum(),
      )(normal([900, 32])),
    ));

  it('of windows that overlap', () =>
    agree(() =>
      ff.grad((x: Tensor) =>
        ff
          .vmap((start: Tensor) => ff.dynamicSlice(x, [start], [40]))(places(900, 60000 - 40))
          .mul(normal([900, 40]))
          .sum(),
      )(normal([60000])),
    ));
});
