import { rk4 } from '@flowfield/ode-solvers';
import { defaultDevice, jit, random, type Tensor } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { sampleOde, streamSamples } from './index.ts';

const key = random.key(0);

test('100,000 samples of a flow stream within a bound of memory, each row once', async () => {
  const draw = jit(
    (from: random.Key, rows: number) =>
      sampleOde((x) => x.neg(), random.normal(from, [rows, 2]), { solver: rk4(), steps: 4 }).ys,
    { staticArgnums: [1] },
  );
  const rows = 2000;
  const bytes = (): number => defaultDevice().memory().liveBytes;
  draw(key, rows).dispose();
  const before = bytes();
  let [seen, most, sum, squares] = [0, 0, 0, 0];
  const progress: number[] = [];
  for await (const { start, shape, data } of streamSamples(draw, {
    count: 100_000,
    batchSize: rows,
    key,
    onProgress: ({ done, total }) => progress.push(done / total),
  })) {
    expect([start, shape]).toEqual([seen, [rows, 2]]);
    seen += shape[0];
    for (const value of data) {
      sum += value;
      squares += value * value;
    }
    most = Math.max(most, bytes() - before);
  }
  expect(seen).toBe(100_000);
  // At most two chunks of 2000 points in f32 at a time, and some keys.
  expect(most).toBeLessThan(2 * rows * 2 * 4 + 10_000);
  expect(Math.abs(sum / 200_000)).toBeLessThan(0.01);
  expect(squares / 200_000).toBeCloseTo(Math.exp(-2), 2);
  expect(progress.length).toBe(50);
  expect(progress.at(-1)).toBe(1);
});

test('the last chunk is cut, sizes are always the same, and one key gives one stream', async () => {
  const sizes: number[] = [];
  const draw = (from: random.Key, rows: number): Tensor => {
    sizes.push(rows);
    return random.normal(from, [rows, 1]);
  };
  const collect = async (options: object): Promise<number[]> => {
    const all: number[] = [];
    for await (const { data } of streamSamples(draw, { count: 10, batchSize: 4, key, ...options })) all.push(...data);
    return all;
  };
  const first = await collect({});
  expect([first.length, sizes]).toEqual([10, [4, 4, 4]]);
  expect(await collect({})).toEqual(first);
  expect(await collect({ key: random.key(1) })).not.toEqual(first);
  expect((await collect({ batchSize: 100 })).length).toBe(10);
});

test('a signal, an early end, and mistakes', async () => {
  const draw = (from: random.Key, rows: number): Tensor => random.normal(from, [rows, 1]);
  const controller = new AbortController();
  const run = async (options: object, f: unknown = draw): Promise<number> => {
    let chunks = 0;
    for await (const _ of streamSamples(f as typeof draw, { count: 10, batchSize: 2, key, ...options })) {
      if (++chunks === 2) controller.abort(new Error('enough'));
    }
    return chunks;
  };
  await expect(run({ signal: controller.signal })).rejects.toThrow('enough');
  await expect(run({ count: 0 })).rejects.toThrow(/count must be a whole number/);
  await expect(run({ batchsize: 3 })).rejects.toThrow(/Did you mean batchSize/);
  await expect(run({}, (from: random.Key) => random.normal(from, [1, 1]))).rejects.toThrow(
    /2 rows, got shape \[1, 1\]/,
  );
  await expect(run({}, 3)).rejects.toThrow(/expected a function/);
  expect(await run({}, async (from: random.Key, rows: number) => draw(from, rows))).toBe(5);
});
