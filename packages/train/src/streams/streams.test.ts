import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchStream, hostBatches, randomRows, shuffledRows } from '../index.ts';

describe.each(ff.devices())('streams on %s', (device) => {
  const counted = (rows: number): Tensor =>
    tensor(
      Int32Array.from({ length: rows }, (_, i) => i),
      { device },
    );
  const key = random.key(0, { device });
  const step = (n: number): Tensor => tensor(n, { dtype: 'i32', device });

  /** The batch of one step, as the training step sees it. */
  async function batchOf(stream: BatchStream<Tensor>, n: number): Promise<number[]> {
    const part = (await stream.host(n, 1)) as Tensor;
    return [...stream.batch(part?.slice(0), random.foldIn(key, n), step(n)).dataSync()];
  }

  it('shuffles: every row at most once per epoch, another order each epoch, the same for any division into chunks', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(99),
        fc.nat(20),
        async (extra, batchSize, seed, first) => {
          const rows = batchSize + extra;
          const make = (): BatchStream<Tensor> => shuffledRows(counted(rows), { batchSize, seed });
          const perEpoch = Math.floor(rows / batchSize);
          const part = (await make().host(0, perEpoch)) as Tensor;
          expect(part.shape).toEqual([perEpoch, batchSize]);
          expect(new Set(part.dataSync()).size).toBe(perEpoch * batchSize);

          const chunk = [...((await make().host(first, 3)) as Tensor).dataSync()];
          const single = make();
          const steps = [
            await batchOf(single, first),
            await batchOf(single, first + 1),
            await batchOf(single, first + 2),
          ];
          expect(steps.flat()).toEqual(chunk);
        },
      ),
      { numRuns: 15 },
    ));

  it('shuffles anew for each epoch and each seed', async () => {
    const orderOf = async (seed: number, epoch: number): Promise<number[]> =>
      batchOf(shuffledRows(counted(64), { batchSize: 64, seed }), epoch);
    const orders = [await orderOf(0, 0), await orderOf(0, 1), await orderOf(1, 0)];
    expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  });

  it('draws random rows evenly', async () => {
    const stream = randomRows(counted(4), { batchSize: 4000 });
    const drawn = await batchOf(stream, 3);
    for (let row = 0; row < 4; row++) {
      const count = drawn.filter((given) => given === row).length;
      // Five standard deviations of a binomial number.
      expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75));
    }
  });

  it('stacks what the host makes, and leaves it the maker', async () => {
    const same = counted(3);
    const stream = hostBatches(() => same);
    const part = (await stream.host(0, 2)) as Tensor;
    expect(part.toArray()).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(await batchOf(stream, 2)).toEqual([0, 1, 2]);
  });
});
