import { adam, mlp, sgd } from '@flowfield/nn';
import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { createTrainer, fullBatch, generated, memoryStorage, readMetrics, type TrainEvent, train } from '../index.ts';

const bits = (state: unknown): string[] => {
  const paths = tree.paths(state);
  return tree
    .leaves<Tensor>(state)
    .map((leaf, i) => `${paths[i]} ${Buffer.from(leaf.dataSync().buffer).toString('hex')}`);
};

describe.each(ff.devices())('turns on %s', (device) => {
  const dtype = device === 'reference' ? 'f64' : 'f32';
  const scalar = (value: number): Tensor => tensor(value, { dtype, device });
  type Pair = { a: Tensor; b: Tensor; fixed: Tensor };
  const start = (): Pair => ({ a: scalar(1), b: scalar(2), fixed: scalar(3) });
  const data = tensor([0], { dtype, device });

  it('trains each group for its steps, and leaves the others as they are', async () => {
    const trainer = await train({
      params: start(),
      loss: ({ a, b, fixed }: Pair) => a.add(b).add(fixed),
      turns: { a: { optimizer: sgd({ learningRate: 1 }), steps: 2 }, b: { optimizer: sgd({ learningRate: 0.5 }) } },
      batches: fullBatch(data),
      steps: 7,
    });
    // Steps 0, 1, 3, 4, 6 are those of a; 2 and 5 those of b.
    const { a, b, fixed } = trainer.params;
    expect([a.item(), b.item(), fixed.item()]).toEqual([1 - 5, 2 - 2 * 0.5, 3]);
  });

  it('lowers a loss of its own in each turn, and tells losses and metrics of each', async () => {
    const events: TrainEvent[] = [];
    const storage = memoryStorage();
    const trainer = await train({
      params: start(),
      turns: {
        a: {
          optimizer: sgd({ learningRate: 0.25 }),
          loss: ({ a, b }: Pair) => [a.sub(b).square(), { gap: a.sub(b).abs() }] as const,
        },
        b: {
          optimizer: sgd({ learningRate: 0.25 }),
          loss: ({ b }: Pair) => [b.square().add(100), { size: b.abs() }] as const,
        },
      },
      batches: fullBatch(data),
      steps: 4,
      innerSteps: 4,
      storage,
      onEvent: (event) => void events.push(event),
    });
    // a: 1 -> 1.5 (towards 2); b: 2 -> 1; a: 1.5 -> 1.25; b: 1 -> 0.5.
    expect([trainer.params.a.item(), trainer.params.b.item()]).toEqual([1.25, 0.5]);
    const progress = events.find((event) => event.kind === 'progress');
    expect(progress?.lossByTurn).toEqual({ a: (1 + 0.25) / 2, b: (104 + 101) / 2 });
    expect(progress?.metrics).toEqual({ gap: (1 + 0.5) / 2, size: (2 + 1) / 2 });
    expect([...(progress?.losses ?? [])]).toEqual([1, 104, 0.25, 101]);
    const [record] = await readMetrics(storage);
    expect(record).toMatchObject({ step: 4, 'loss.a': 0.625, 'loss.b': 102.5, gap: 0.75 });
  });

  it('goes on to the bit after a stop in the middle of a round', async () => {
    const encoder = mlp({ inputs: 2, hidden: [4], outputs: 1, dtype });
    const decoder = mlp({ inputs: 1, hidden: [4], outputs: 2, dtype });
    type Params = { decoder: ReturnType<typeof decoder.init>; encoder: ReturnType<typeof encoder.init> };
    const key = (seed: number): Tensor => random.key(seed, { device });
    const options = {
      params: { encoder: encoder.init(key(0)), decoder: decoder.init(key(1)) },
      loss: (p: Params, x: Tensor): Tensor =>
        decoder.apply(p.decoder, encoder.apply(p.encoder, x)).sub(x).square().mean(),
      turns: {
        encoder: { optimizer: adam({ learningRate: 0.01 }), steps: 2 },
        decoder: { optimizer: adam({ learningRate: 0.02 }), steps: 3 },
      },
      batches: generated((k): Tensor => random.normal(k, [8, 2], { dtype })),
      steps: 12,
      innerSteps: 3,
    };
    const whole = await train(options);
    const storage = memoryStorage();
    await train({ ...options, steps: 7, storage });
    const resumed = await train({ ...options, storage, resume: true });
    expect(bits(resumed.state)).toEqual(bits(whole.state));
    expect(tree.paths(whole.state.optimizer).filter((path) => path.includes('mean'))).toEqual([
      'decoder.0.mean.decoder.layers.0.bias',
      'decoder.0.mean.decoder.layers.0.weight',
      'decoder.0.mean.decoder.layers.1.bias',
      'decoder.0.mean.decoder.layers.1.weight',
      'encoder.0.mean.encoder.layers.0.bias',
      'encoder.0.mean.encoder.layers.0.weight',
      'encoder.0.mean.encoder.layers.1.bias',
      'encoder.0.mean.encoder.layers.1.weight',
    ]);
  });

  it('takes parameters by path, also of trees with more than ten layers', async () => {
    const params = { layers: Array.from({ length: 12 }, (_, i) => scalar(i)), head: scalar(100) };
    const trainer = await train({
      params,
      loss: (p: typeof params) => p.layers.reduce((sum, leaf, i) => sum.add(leaf.mul(i)), p.head),
      turns: {
        body: { optimizer: sgd({ learningRate: 1 }), trains: (path) => path.startsWith('layers.') },
        head: { optimizer: sgd({ learningRate: 1 }) },
      },
      batches: fullBatch(data),
      steps: 2,
    });
    expect(trainer.params.layers.map((leaf) => leaf.item())).toEqual(params.layers.map((_, i) => i - i));
    expect(trainer.params.head.item()).toBe(99);
  });
});

it('names turns that do not fit', () => {
  const parts = {
    params: { a: tensor(1), b: tensor(2) },
    loss: ({ a }: { a: Tensor }) => a,
    batches: fullBatch(tensor([0])),
    steps: 1,
  };
  const optimizer = sgd({ learningRate: 1 });
  const made = (changes: object) => () => createTrainer({ ...parts, ...changes } as never);
  expect(made({ optimizer, turns: { a: { optimizer } } })).toThrow(/give either optimizer or turns, got both/);
  expect(made({ turns: {} })).toThrow(/turns must be an object with at least one turn/);
  expect(made({ turns: { c: { optimizer } } })).toThrow(/turn 'c' trains no parameter.*The paths begin with a, b/);
  expect(made({ turns: { a: {} } })).toThrow(/turn 'a': optimizer must have init and update/);
  expect(made({ turns: { a: { optimizer, step: 2 } } })).toThrow(/turn 'a': .*Did you mean steps\?/);
  expect(made({ turns: { a: { optimizer, trains: () => 1 } } })).toThrow(
    /trains must return true or false, got 1 for 'a'/,
  );
  expect(made({ loss: undefined, turns: { a: { optimizer } } })).toThrow(/turn 'a': loss must be a function/);
});
