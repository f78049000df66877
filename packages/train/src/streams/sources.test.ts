import { sgd } from '@flowfield/nn';
import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it, vi } from 'vitest';
import {
  combined,
  createTrainer,
  fullBatch,
  generated,
  hostBatches,
  iterableBatches,
  memoryStorage,
  padRagged,
  randomRows,
  shuffledRows,
  train,
} from '../index.ts';

describe.each(ff.devices())('sources of batches on %s', (device) => {
  const made = (data: ff.TensorLike, dtype: ff.DType = 'f32'): Tensor => tensor(data, { dtype, device });
  /** Sums what the batches hold: the derivative of the loss is the batch. */
  const options = (changes: object = {}) => ({
    params: { w: made(0) },
    loss: ({ w }: { w: Tensor }, x: Tensor): Tensor => w.mul(x.sum()).neg(),
    optimizer: sgd({ learningRate: 1 }),
    steps: 6,
    ...changes,
  });
  const numbersFrom = (first: number) =>
    (async function* () {
      for (let i = first; ; i++) yield made([i]);
    })();

  it('takes an asynchronous iterable, an array, a generator, and one that is opened at a step', async () => {
    const sources = [
      numbersFrom(0),
      [0, 1, 2, 3, 4, 5].map((i) => made([i])),
      iterableBatches((step) => numbersFrom(step)),
      iterableBatches((step) => [made([step])]),
      iterableBatches(() => [new Float32Array([1]), new Float32Array([4])]),
    ];
    for (const innerSteps of [1, 3]) {
      const ends = [];
      for (const batches of innerSteps === 1 ? sources : sources.slice(1)) {
        ends.push((await train(options({ batches, innerSteps }) as never)).params as { w: Tensor });
      }
      expect(new Set(ends.map(({ w }) => w.item()))).toEqual(new Set([15]));
    }
  });

  it('goes on where a run was stopped', async () => {
    for (const batches of [() => iterableBatches(numbersFrom), () => [0, 1, 2, 3, 4, 5].map((i) => made([i]))]) {
      const storage = memoryStorage();
      await train(options({ batches: batches(), storage, steps: 4 }) as never);
      const trainer = await train(options({ batches: batches(), storage, resume: true }) as never);
      expect((trainer.params as { w: Tensor }).w.item()).toBe(15);
    }
  });

  it('lets a generator free its batch when it is asked for the next', async () => {
    const live: number[] = [];
    const source = (async function* () {
      for (let i = 0; ; i++) {
        const batch = made([i]);
        yield batch;
        batch.dispose();
        live.push(ff.defaultDevice(device).memory().liveTensors);
      }
    })();
    const chosen = ff.defaultDevice().name;
    await train(options({ batches: source, steps: 12, logEvery: 2 }) as never);
    ff.defaultDevice(chosen);
    // At the same place between two reports.
    expect(live[10]).toBeLessThanOrEqual(live[4]);
  });

  it('closes what an iterable holds open when a run ends, is stopped or fails', async () => {
    const closed: string[] = [];
    const source = (name: string) =>
      iterableBatches(async function* () {
        try {
          for (let i = 0; ; i++) yield made([i]);
        } finally {
          closed.push(name);
        }
      });
    await train(options({ batches: source('done') }) as never);
    const fails = options({ batches: source('failed'), onEvent: () => Promise.reject(new Error('no')), logEvery: 1 });
    await expect(train(fails as never)).rejects.toThrow('no');
    const both = combined({ a: source('a'), b: source('b') });
    const loss = ({ w }: { w: Tensor }, { a, b }: { a: Tensor; b: Tensor }): Tensor => w.mul(a.sum().add(b.sum()));
    for await (const event of createTrainer({ ...options(), batches: both, loss, logEvery: 1 }).run()) {
      if (event.step === 2) break;
    }
    expect(closed.sort()).toEqual(['a', 'b', 'done', 'failed']);
  });

  it('hands several sets over at once, each with draws of its own', async () => {
    const batches = combined({
      surface: shuffledRows(made([[1], [2], [3], [4]]), { batchSize: 2, seed: 1 }),
      around: generated((key): Tensor => ff.random.uniform(key, [3])),
      more: generated((key): Tensor => ff.random.uniform(key, [3])),
      listed: [made([7]), made([8])],
    });
    const seen: unknown[] = [];
    const part = await batches.host(1, 1);
    const one = tree.map((leaf: Tensor) => leaf.slice(0), part);
    const batch = batches.batch(one as never, ff.random.key(0, { device }), made(1, 'i32'));
    seen.push(batch.listed.toArray());
    expect(seen).toEqual([[8]]);
    expect(batch.surface.shape).toEqual([2, 1]);
    expect(batch.around.toArray()).not.toEqual(batch.more.toArray());
    const trainer = await train({
      ...options(),
      batches,
      loss: ({ w }: { w: Tensor }, b: { surface: Tensor; listed: Tensor }) =>
        w.mul(b.surface.sum().add(b.listed.sum())).neg(),
      steps: 2,
    });
    // One epoch of 1 + 2 + 3 + 4, and 7 + 8.
    expect(trainer.params.w.item()).toBe(25);
  });

  it('uses all rows, in every step or once an epoch with a mask', async () => {
    const data = { x: made([1, 2, 3, 4, 5]) };
    const whole = await train({
      ...options(),
      batches: fullBatch(data),
      loss: ({ w }: { w: Tensor }, { x }: { x: Tensor }) => w.mul(x.sum()).neg(),
      steps: 2,
    });
    expect(whole.params.w.item()).toBe(30);
    const masked = await train({
      ...options(),
      batches: shuffledRows(data, { batchSize: 2, remainder: 'mask' }),
      loss: ({ w }: { w: Tensor }, b: { data: { x: Tensor }; mask: Tensor }) =>
        w.mul(ff.where(b.mask, b.data.x, 0).sum()).neg(),
      steps: 6,
      innerSteps: 2,
    });
    // Two epochs of three steps.
    expect(masked.params.w.item()).toBe(30);
  });

  it('pads items of different lengths, and says what is padding', () => {
    const items = [
      { x: made([[1, 2]]), y: made([9], 'i32') },
      {
        x: made([
          [3, 4],
          [5, 6],
          [7, 8],
        ]),
        y: made([1, 2, 3], 'i32'),
      },
    ];
    const { values, mask, lengths } = padRagged(items, { multiple: 4, fill: -1 });
    expect(values.x.shape).toEqual([2, 4, 2]);
    expect(values.y.toArray()).toEqual([
      [9, -1, -1, -1],
      [1, 2, 3, -1],
    ]);
    expect([...mask.dataSync()].map(Number)).toEqual([1, 0, 0, 0, 1, 1, 1, 0]);
    expect([...lengths.dataSync()]).toEqual([1, 3]);
    expect(mask.dtype).toBe('bool');
    expect(() => padRagged(items, { length: 2 })).toThrow(/item 1 has 3 rows, which is more than the length 2/);
    expect(() => padRagged([])).toThrow(/at least one item/);
    expect(() => padRagged([{ x: made([1]), y: made([1, 2]) }])).toThrow(
      /one common number of rows in item 0, got \[1\], \[2\]/,
    );
    expect(() => padRagged([made([[1]]), made([[1, 2]])])).toThrow(
      /rows of item 0 are f32\[1\], those of item 1 f32\[2\]/,
    );
    const rows = randomRows({ ...padRagged(items) }, { batchSize: 3 });
    expect(rows.batch(null, ff.random.key(0, { device }), made(0, 'i32')).mask.shape).toEqual([3, 3]);
  });

  it('names batches that do not fit', async () => {
    const run = (batches: unknown, more: object = {}) => train(options({ batches, ...more }) as never);
    await expect(run(hostBatches(() => 3))).rejects.toThrow(/expected tensors in the batch of step 0, got number/);
    await expect(run(hostBatches(() => ({ a: 'x' })))).rejects.toThrow(/got string at 'a'/);
    await expect(run(hostBatches(() => undefined))).rejects.toThrow(/got nothing/);
    await expect(
      run(
        hostBatches((step) => made(Array(step + 1).fill(0))),
        { innerSteps: 2 },
      ),
    ).rejects.toThrow(
      /steps 0 and 1.*different shapes: f32\[1\] and f32\[2\]. Pad them to one shape \(padRagged\), or use innerSteps 1/,
    );
    await expect(
      run(
        hostBatches((step) => (step ? { a: made([1]) } : { b: made([1]) })),
        { innerSteps: 2 },
      ),
    ).rejects.toThrow(/different structures/);
    await expect(run(iterableBatches(() => []))).rejects.toThrow(/there is no batch for step 0/);
    await expect(run(iterableBatches((step) => (step < 2 ? [made([1]), made([1])] : [])))).rejects.toThrow(
      /there is no batch for step 2/,
    );
    await expect(run(iterableBatches(() => 3 as never))).rejects.toThrow(/expected an iterable from open\(step\)/);
    expect(() => createTrainer(options({ batches: made([1]) }) as never)).toThrow(/batches must be a stream/);
    expect(() => combined({})).toThrow(/at least one source/);
    expect(() => combined({ a: 3 as never })).toThrow(/batches must be a stream/);
    expect(() => shuffledRows(made([1]), { batchSize: 1, remainder: 'keep' as never })).toThrow(
      /'drop' or 'mask', got keep/,
    );
  });

  it('takes batches of changing shapes one by one', async () => {
    const batches = hostBatches((step) => made(Array((step % 2) + 1).fill(1)));
    expect(((await train(options({ batches }) as never)).params as { w: Tensor }).w.item()).toBe(9);
  });
});

it('cuts device calls that take too long shorter', async () => {
  // A clock by which every device call takes a second and a half.
  let time = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    time += 1500;
    return time;
  });
  const counts: number[] = [];
  const host = (_first: number, count: number): null => {
    counts.push(count);
    return null;
  };
  const batches = { ...generated((key): Tensor => ff.random.normal(key, [2])), host };
  const run = { params: { w: ff.ones([2]) }, optimizer: sgd({ learningRate: 0.1 }), batches, steps: 300 };
  const loss = ({ w }: { w: Tensor }, x: Tensor): Tensor => w.sub(x).square().sum();
  const cut = await train({ ...run, loss, innerSteps: 100 });
  clock.mockRestore();
  // The first call of a length is not counted, since it compiles.
  expect(counts.slice(0, 3)).toEqual([100, 100, 1]);
  expect(Math.max(...counts.slice(2))).toBe(33);
  const whole = await train({ ...run, loss, innerSteps: 100 });
  expect([...cut.params.w.dataSync()]).toEqual([...whole.params.w.dataSync()]);
});
