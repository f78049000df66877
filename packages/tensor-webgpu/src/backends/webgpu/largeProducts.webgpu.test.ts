import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../index.ts';
import * as ff from '../../index.ts';

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

const normal = (shape: readonly number[], seed = 0): Tensor => ff.random.normal(ff.random.key(seed), shape);

/** The results of `f` on the CPU and on the GPU agree to the last digits of the largest element. */
async function agree(f: (...xs: Tensor[]) => Tensor, ...shapes: number[][]): Promise<void> {
  const found: ArrayLike<number>[] = [];
  for (const name of ['cpu', 'webgpu']) {
    ff.defaultDevice(name);
    found.push(
      await ff
        .jit(f)(...shapes.map(normal))
        .data(),
    );
  }
  expect(found[1].length).toBe(found[0].length);
  let scale = 0;
  for (let i = 0; i < found[0].length; i++) scale = Math.max(scale, Math.abs(found[0][i]));
  let worst = 0;
  for (let i = 0; i < found[0].length; i++) worst = Math.max(worst, Math.abs(found[1][i] - found[0][i]));
  expect(worst).toBeLessThan(2e-6 * scale);
}

describe('products in tiles', () => {
  it('go on with their elements, several results at once, and give one of their operands a second reader', () =>
    agree(
      (a, b, c) => {
        const z = a.matmul(b).add(c);
        return ff.stack([z.tanh(), z.mul(a), ff.sub(1, z.tanh().square())]);
      },
      [180, 180],
      [180, 180],
      [180],
    ));

  it('compute operands as they read them, at sizes that nothing divides', () =>
    agree((a, b) => a.mul(2).add(1).matmul(b.neg().transpose()), [171, 173], [167, 173]));

  it('split long sums, in every batch', () =>
    agree((a, b) => a.transpose([0, 2, 1]).matmul(b).add(1).mul(0.5), [2, 1500, 40], [2, 1500, 44]));

  it('of slices that a loop goes through', () =>
    agree(
      (start, xs) =>
        ff.scan((c: Tensor, x: Tensor): [Tensor, Tensor] => [c.matmul(x).mul(0.05).tanh(), c.sum()], start, xs)[0],
      [180, 170],
      [2, 170, 170],
    ));
});
