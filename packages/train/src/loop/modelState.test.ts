import { batchNorm, ema, linear, sgd } from '@flowfield/nn';
import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { createTrainer, generated, memoryStorage, train } from '../index.ts';

const bits = (state: unknown): string[] =>
  tree.leaves<Tensor>(state).map((leaf) => Buffer.from(leaf.dataSync().buffer).toString('hex'));

describe.each(ff.devices())('model state on %s', (device) => {
  const dtype = device === 'reference' ? 'f64' : 'f32';
  const norm = batchNorm({ size: 3, decay: 0.5, dtype });
  const head = linear({ inputs: 3, outputs: 1, dtype });
  const key = random.key(0, { device });
  const options = () => ({
    params: { norm: norm.init(key), head: head.init(key) },
    modelState: { norm: norm.initState(key) },
    loss: (
      params: { norm: ReturnType<typeof norm.init>; head: ReturnType<typeof head.init> },
      x: Tensor,
      _key: Tensor,
      state: { norm: ReturnType<typeof norm.initState> },
    ) => {
      const [y, next] = norm.apply(params.norm, state.norm, x, { training: true });
      const loss = head
        .apply(params.head, y)
        .sub(x.sum({ axis: -1, keepDims: true }))
        .square()
        .mean();
      return { loss, metrics: { spread: next.variance.mean() }, modelState: { norm: next } };
    },
    optimizer: sgd({ learningRate: 0.05 }),
    batches: generated((k): Tensor => random.normal(k, [16, 3], { dtype }).mul(2).add(1)),
    steps: 30,
    seed: 3,
  });

  it('carries the statistics of batch norm, which come near those of the data', async () => {
    const given = options();
    const trainer = await train({ ...given, innerSteps: 5 });
    const { mean, variance } = trainer.modelState.norm;
    for (const value of mean.dataSync()) expect(Math.abs(value - 1)).toBeLessThan(1.5);
    for (const value of variance.dataSync()) expect(value).toBeGreaterThan(1.5);
    expect([...given.modelState.norm.mean.dataSync()]).toEqual([0, 0, 0]);
  });

  it('keeps it in checkpoints, and goes on to the bit', async () => {
    const whole = await train(options());
    const storage = memoryStorage();
    await train({ ...options(), steps: 11, storage });
    const resumed = await train({ ...options(), storage, resume: true });
    expect(bits(resumed.state)).toEqual(bits(whole.state));
    const names = [...ff.readSafetensors(storage.files.get('state-30.safetensors') as Uint8Array).tensors.keys()];
    expect(names.filter((name) => name.startsWith('model.'))).toEqual(['model.norm.mean', 'model.norm.variance']);
  });

  it('hands it to validations, and keeps that of the best parameters', async () => {
    const storage = memoryStorage();
    const means: number[][] = [];
    const settings = {
      ...options(),
      ema: ema({ decay: 0.5 }),
      storage,
      validateEvery: 10,
      validate: (_params: unknown, step: number, state: { norm: { mean: Tensor } }): number => {
        means.push([...state.norm.mean.dataSync()]);
        return [1, 0, 2][step / 10 - 1];
      },
    };
    const trainer = await train(settings);
    expect([...(trainer.best?.modelState.norm.mean.dataSync() ?? [])]).toEqual(means[1]);
    const again = createTrainer(settings);
    await again.resume();
    expect(again.best).toMatchObject({ step: 20, value: 0 });
    expect(bits(again.best?.modelState)).toEqual(bits(trainer.best?.modelState));
    expect(bits(again.best?.params)).toEqual(bits(trainer.best?.params));
  });
});

it('names a state that is missing, not expected, or no state', async () => {
  const parts = {
    params: { w: tensor([1]) },
    optimizer: sgd({ learningRate: 0.1 }),
    batches: generated(() => null),
    steps: 1,
  };
  const loss = ({ w }: { w: Tensor }): Tensor => w.sum();
  const modelState = { mean: tensor([0]) };
  await expect(train({ ...parts, loss, modelState })).rejects.toThrow(/the loss must return { loss, modelState }/);
  const withState = (params: { w: Tensor }) => ({ loss: loss(params), modelState });
  await expect(train({ ...parts, loss: withState as never })).rejects.toThrow(
    /Give its first value as the option modelState/,
  );
  expect(() => createTrainer({ ...parts, loss, modelState: { mean: 3 } as never })).toThrow(
    /modelState must be a tree of tensors/,
  );
  for (const [bad, message] of [
    [() => 3, /the loss must return a scalar tensor.* got 3/],
    [() => undefined, /the loss must return a scalar tensor.* got undefined/],
    [(p: { w: Tensor }) => [p.w.sum()], /got a list of 1/],
    [(p: { w: Tensor }) => ({ los: p.w.sum() }), /returned { los }, expected { loss, metrics, modelState }/],
    [(p: { w: Tensor }) => ({ aux: {}, loss: p.w.sum() }), /Put 'aux' into metrics/],
    [(p: { w: Tensor }) => [p.w.sum(), { a: 3 }], /metric 'a' must be a scalar, got 3/],
  ] as const) {
    await expect(train({ ...parts, loss: bad as never })).rejects.toThrow(message);
  }
});
