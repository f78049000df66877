import { describe, expect, it } from 'vitest';
import type { Tensor } from './index.ts';
import * as ff from './index.ts';

const MIB = 1 << 20;
const reserved = (): number => ff.defaultDevice().memory().reservedBytes;

describe('memory of eager calls', { timeout: 60_000 }, () => {
  it('is bounded in a loop that drops its results within one task', () => {
    let x = ff.zeros([MIB]);
    const one = ff.ones([MIB]);
    for (let i = 0; i < 400; i++) x = x.add(one);
    expect(x.max().item()).toBe(400);
    expect(x.min().item()).toBe(400);
    expect(reserved()).toBeLessThan(700 * MIB);
  });

  it('is given back by clearCaches, when a large task is done', async () => {
    const kept = ff.tensor([1, 2, 3]);
    const big = Array.from({ length: 8 }, (_, i) => ff.full([8 * MIB], i));
    const total = big.reduce((a: Tensor, b) => a.add(b));
    expect(total.max().item()).toBe(28);
    for (const tensor of [...big, total]) tensor.dispose();
    await new Promise((next) => setTimeout(next, 50));
    ff.clearCaches();
    const { liveBytes, arenaBytes } = ff.defaultDevice().memory();
    expect(arenaBytes).toBe(0);
    expect(reserved()).toBeLessThan(65 * MIB + 2 * liveBytes);
    expect(kept.mul(2).toArray()).toEqual([2, 4, 6]);
  });
});
