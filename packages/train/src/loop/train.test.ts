import { adam, chain, clipByGlobalNorm, cosineSchedule, ema, mlp, sgd } from '@flowfield/nn';
import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  type BatchStream,
  CheckpointError,
  createTrainer,
  generated,
  hostBatches,
  memoryStorage,
  NonFiniteLossError,
  randomRows,
  readMetrics,
  shuffledRows,
  type TrainEvent,
  type TrainerOptions,
  train,
} from '../index.ts';

type Batch = { x: Tensor; y: Tensor };

const leaves = tree.leaves as (tree: unknown) => Tensor[];
/** The bits of every tensor of a tree. */
const bits = (state: unknown): string[] => {
  const paths = tree.paths(state);
  return leaves(state).map((leaf, i) => `${paths[i]} ${Buffer.from(leaf.dataSync().buffer).toString('hex')}`);
};

describe.each(ff.devices())('training on %s', (device) => {
  // The reference device holds f32 numbers in float64, which a checkpoint would round.
  const dtype = device === 'reference' ? 'f64' : 'f32';
  const net = mlp({ inputs: 2, hidden: [8, 8], outputs: 1, activation: 'tanh', dtype });
  const start = net.init(random.key(0, { device }));
  const target = (x: Tensor): Tensor => x.mul(2).sin().sum({ axis: -1, keepDims: true });
  const loss = (params: typeof start, { x, y }: Batch, key: Tensor): [Tensor, { noise: Tensor }] => {
    const noise = random.normal(key, y.shape, { dtype }).mul(0.01);
    return [net.apply(params, x).sub(y.add(noise)).square().mean(), { noise: noise.abs().mean() }];
  };
  const drawn = generated((key): Batch => {
    const x = random.uniform(key, [16, 2], { minval: -1, dtype });
    return { x, y: target(x) };
  });
  const rows = ((): Batch => {
    const x = random.uniform(random.key(5, { device }), [50, 2], { minval: -1, dtype });
    return { x, y: target(x) };
  })();
  const streams: [name: string, stream: BatchStream<Batch>][] = [
    ['batches drawn on the device', drawn],
    ['random rows', randomRows(rows, { batchSize: 8 })],
    ['shuffled rows', shuffledRows(rows, { batchSize: 16, seed: 3 })],
    [
      'batches of the host',
      hostBatches((step) => {
        const x = random.uniform(random.key(step, { device }), [8, 2], { dtype });
        return { x, y: target(x) };
      }),
    ],
  ];
  const options = (changes: Partial<TrainerOptions<typeof start, Batch>> = {}) => ({
    params: start,
    loss,
    optimizer: chain(clipByGlobalNorm(1), adam({ learningRate: cosineSchedule({ initial: 0.02, steps: 20 }) })),
    ema: ema({ decay: 0.9, warmup: dtype === 'f32' }),
    batches: drawn,
    steps: 20,
    logEvery: 5,
    seed: 7,
    ...changes,
  });

  it.each(streams)(
    'gives the same bits for 20 steps and for 10, a checkpoint and 10 more, with %s',
    async (_name, batches) => {
      for (const innerSteps of [1, 5]) {
        const whole = await train(options({ batches, innerSteps }));
        const storage = memoryStorage();
        await train(options({ batches, innerSteps, storage, steps: 10 }));
        const resumed = await train(options({ batches, innerSteps, storage, resume: true } as never));
        expect(resumed.step).toBe(20);
        expect(bits(resumed.state)).toEqual(bits(whole.state));
      }
    },
  );

  it('gives the same bits after a stop where the steps per call do not divide the steps', async () => {
    for (const innerSteps of [3, 8]) {
      const whole = await train(options({ innerSteps }));
      const storage = memoryStorage();
      await train(options({ innerSteps, storage, steps: 10 }));
      const resumed = await train({ ...options({ innerSteps, storage }), resume: true });
      expect(bits(resumed.state)).toEqual(bits(whole.state));
    }
  });

  it('lowers the loss, and leaves the given parameters alone', async () => {
    const before = bits(start);
    const events: TrainEvent[] = [];
    const trainer = await train({
      ...options({ steps: 150, innerSteps: 10, logEvery: 50 }),
      onEvent: (e) => void events.push(e),
    });
    const progress = events.filter((e) => e.kind === 'progress');
    expect(progress.map(({ step }) => step)).toEqual([50, 100, 150]);
    expect(progress[0].losses.length).toBe(50);
    expect(progress[2].loss).toBeLessThan(progress[0].losses[0] / 4);
    expect(progress[0].metrics.noise).toBeCloseTo(0.01 * Math.sqrt(2 / Math.PI), 3);
    expect(progress[2].stepsPerSecond).toBeGreaterThan(0);
    expect(progress[2].etaSeconds).toBe(0);
    expect(events.at(-1)).toEqual({ kind: 'done', step: 150 });
    expect(bits(start)).toEqual(before);
    expect(leaves(trainer.averaged).length).toBe(6);
  });

  it('holds no more memory after many steps than after few', async () => {
    const live = (): number => ff.defaultDevice(device).memory().liveTensors;
    const chosen = ff.defaultDevice().name;
    const counts: number[] = [];
    const onEvent = (event: TrainEvent): void => void (event.kind === 'progress' && counts.push(live()));
    await train({ ...options({ batches: streams[2][1], innerSteps: 5, logEvery: 5, steps: 60 }), onEvent });
    ff.defaultDevice(chosen);
    expect(Math.max(...counts.slice(2))).toBeLessThanOrEqual(counts[1]);
  });

  it('stops at a signal and goes on to the same end', async () => {
    const whole = await train(options({ innerSteps: 2 }));
    const storage = memoryStorage();
    const controller = new AbortController();
    const kinds: string[] = [];
    const stopped = await train({
      ...options({ innerSteps: 2, storage, logEvery: 4 }),
      signal: controller.signal,
      onEvent: (event) => {
        kinds.push(event.kind);
        if (event.step >= 8) controller.abort();
      },
    });
    expect(stopped.step).toBe(8);
    expect(kinds.slice(-2)).toEqual(['checkpoint', 'stopped']);
    const resumed = await train({ ...options({ innerSteps: 2, storage }), resume: true });
    expect(bits(resumed.state)).toEqual(bits(whole.state));
  });

  it('goes on from the last checkpoint after a crash, and keeps a log without gaps or doubles', async () => {
    const storage = memoryStorage();
    const settings = options({ storage, checkpointEvery: 10, logEvery: 2 });
    const crash = async (): Promise<void> => {
      for await (const event of createTrainer(settings).run()) if (event.step === 14) throw new Error('crash');
    };
    await expect(crash()).rejects.toThrow('crash');
    storage.files.set(
      'metrics.jsonl',
      Buffer.concat([storage.files.get('metrics.jsonl') as Uint8Array, Buffer.from('{"st')]),
    );
    const resumed = await train({ ...settings, resume: true });
    expect(bits(resumed.state)).toEqual(bits((await train(options())).state));
    const records = await readMetrics(storage);
    expect(records.map(({ step }) => step)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    expect([...storage.files.keys()].sort()).toEqual(['checkpoint.json', 'metrics.jsonl', 'state-20.safetensors']);
  });

  it('keeps the parameters of the lowest validation value, over a resume too', async () => {
    const values = [3, 1, 2, 5];
    const validate = (_params: unknown, step: number): number => values[step / 5 - 1];
    const storage = memoryStorage();
    const settings = options({ storage, validate, validateEvery: 5, ema: undefined });
    const half = await train({ ...settings, steps: 10 });
    expect(half.best).toMatchObject({ step: 10, value: 1 });
    const events: TrainEvent[] = [];
    const resumed = await train({ ...settings, resume: true, onEvent: (event) => void events.push(event) });
    expect(events.filter((event) => event.kind === 'validation')).toEqual([
      { kind: 'validation', step: 15, value: 2, best: false },
      { kind: 'validation', step: 20, value: 5, best: false },
    ]);
    expect(resumed.best).toMatchObject({ step: 10, value: 1 });
    expect(bits(resumed.best?.params)).toEqual(bits(half.params));
    expect([...storage.files.keys()].sort()).toEqual([
      'best-10.safetensors',
      'checkpoint.json',
      'metrics.jsonl',
      'state-20.safetensors',
    ]);
  });

  it('names the step whose loss is not finite, and keeps the checkpoint before it', async () => {
    const w = tensor([1], { dtype, device });
    const breaks = (params: { w: Tensor }, step: Tensor): Tensor =>
      params.w.sum().mul(0).add(step.astype(dtype).neg().add(6.5)).log();
    const storage = memoryStorage();
    const run = train({
      params: { w },
      loss: breaks,
      optimizer: sgd({ learningRate: 0.1 }),
      batches: generated((_key, step) => step),
      steps: 20,
      innerSteps: 2,
      logEvery: 10,
      checkpointEvery: 4,
      storage,
    });
    await expect(run).rejects.toThrow(NonFiniteLossError);
    await expect(run).rejects.toThrow(/expected a finite loss, got NaN at step 7/);
    expect(storage.files.has('state-4.safetensors')).toBe(true);
  });

  it('refuses checkpoints of other runs', async () => {
    const storage = memoryStorage();
    await train(options({ storage, steps: 2 }));
    await expect(train(options({ storage }))).rejects.toThrow(
      /expected a storage without a checkpoint, found one of step 2, seed 7/,
    );
    await expect(train({ ...options({ storage, seed: 8 }), resume: true })).rejects.toThrow(
      /expected seed 8, the checkpoint is of seed 7/,
    );
    const wider = mlp({ inputs: 2, hidden: [9, 8], outputs: 1, dtype }).init(random.key(0, { device }));
    await expect(train({ ...options({ storage, params: wider }), resume: true })).rejects.toThrow(
      /expected \S+layers\.0\.bias to be F\d\d \[9\], the file has F\d\d \[8\]/,
    );
    await expect(train({ ...options({ storage, ema: undefined }), resume: true })).rejects.toThrow(CheckpointError);
    storage.files.delete('state-2.safetensors');
    await expect(train({ ...options({ storage }), resume: true })).rejects.toThrow(
      /names state-2.safetensors, which is missing/,
    );
  });
});

it('names options that do not fit', async () => {
  const data = ff.zeros([3, 2]);
  expect(() => shuffledRows(data, { batchSize: 4 })).toThrow(/batchSize 4 exceeds the 3 rows/);
  expect(() => randomRows({ a: data, b: ff.zeros([2]) }, { batchSize: 1 })).toThrow(
    /one common number of rows.*\[3, 2\], \[2\]/,
  );
  expect(() => randomRows(data, { batchSize: 0 })).toThrow(/batchSize must be a whole number of at least 1, got 0/);
  const options = {
    params: { w: ff.zeros([2]) },
    loss: (params: { w: Tensor }): Tensor => params.w.sum(),
    optimizer: sgd({ learningRate: 0.1 }),
    batches: generated(() => null),
    steps: 1,
  };
  expect(() => createTrainer({ ...options, innerSteps: 0 })).toThrow(
    /innerSteps must be a whole number of at least 1, got 0/,
  );
  const without = (part: 'loss' | 'optimizer' | 'batches') => () => createTrainer({ ...options, [part]: undefined });
  expect(without('loss')).toThrow(/loss must be a function/);
  expect(without('optimizer')).toThrow(/optimizer must have init and update/);
  expect(without('batches')).toThrow(/batches must be a stream with host and batch/);
  await expect(train({ ...options, validate: () => Number.NaN })).rejects.toThrow(
    /validate must return a number to be low, got NaN at step 1/,
  );
  const tensorValue = ff.zeros([]) as unknown as number;
  await expect(train({ ...options, validate: () => tensorValue })).rejects.toThrow(/got a value of type object/);
  await expect(createTrainer(options).resume()).rejects.toThrow(/needs the option storage/);
  const vectors = train({ ...options, loss: (params: { w: Tensor }) => [params.w.sum(), { all: params.w }] as const });
  await expect(vectors).rejects.toThrow(/metric 'all' must be a scalar, got shape \[2\]/);
});
