import { arange, type Tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { mapBatches } from './index.ts';

const rows = arange(10).astype('f32').reshape([10, 1]);

test('rows come back in order, in trees, with progress', async () => {
  const seen: number[] = [];
  const sizes: number[] = [];
  const result = await mapBatches(
    (x: Tensor) => {
      sizes.push(x.shape[0]);
      return { twice: x.mul(2), square: [x.square()] };
    },
    rows,
    { batchSize: 4, onProgress: ({ done, total }) => seen.push(done, total) },
  );
  expect(sizes).toEqual([4, 4, 2]);
  expect(seen).toEqual([4, 10, 8, 10, 10, 10]);
  expect(result.twice.toArray()).toEqual(rows.mul(2).toArray());
  expect(result.square[0].toArray()).toEqual(rows.square().toArray());
  const whole = await mapBatches((x: Tensor) => x, rows, { batchSize: 100 });
  expect(whole.toArray()).toEqual(rows.toArray());
});

test('a signal stops it between batches', async () => {
  const controller = new AbortController();
  let calls = 0;
  const run = mapBatches(
    (x: Tensor) => {
      if (++calls === 2) controller.abort(new Error('enough'));
      return x;
    },
    rows,
    { batchSize: 2, signal: controller.signal },
  );
  await expect(run).rejects.toThrow('enough');
  expect(calls).toBe(2);
});

test('mistakes are named', async () => {
  await expect(mapBatches((x: Tensor) => x, rows, { batchSize: 0 })).rejects.toThrow(/at least 1, got 0/);
  await expect(mapBatches((x: Tensor) => x, rows.slice([0, 0]), { batchSize: 2 })).rejects.toThrow(/at least one row/);
});

test('promises are awaited, in one batch or several', async () => {
  for (const batchSize of [2, 100]) {
    const doubled = await mapBatches(async (x: Tensor) => x.mul(2), rows, { batchSize });
    expect(doubled.toArray()).toEqual(rows.mul(2).toArray());
  }
});

test('results without a row for each row of their batch are named', async () => {
  const run = (f: (x: Tensor) => unknown, batchSize = 2) => mapBatches(f, rows, { batchSize });
  for (const batchSize of [2, 100]) {
    await expect(run(() => undefined, batchSize)).rejects.toThrow(/^mapBatches: expected results of .* got undefined/);
    await expect(run((x) => x.sum(), batchSize)).rejects.toThrow(/got shape \[\]/);
    await expect(run((x) => ({ a: x, b: x.slice([0, 1]) }), batchSize)).rejects.toThrow(
      /one for each row of the batch/,
    );
  }
});
