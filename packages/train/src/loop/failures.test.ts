import { sgd } from '@flowfield/nn';
import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  fullBatch,
  generated,
  memoryStorage,
  NonFiniteError,
  NonFiniteGradientError,
  NonFiniteLossError,
  NonFiniteParameterError,
  readMetrics,
  type TrainEvent,
  train,
} from '../index.ts';

describe.each(ff.devices())('failures on %s', (device) => {
  const dtype = device === 'reference' ? 'f64' : 'f32';
  const made = (data: ff.TensorLike): Tensor => tensor(data, { dtype, device });
  type Params = { body: { w: Tensor }; head: Tensor };
  const params = (): Params => ({ body: { w: made([4]) }, head: made([1]) });
  /** √w, whose derivative is infinite when w comes to 0: each step takes 1 off it. */
  const rooted = ({ body, head }: Params, step: Tensor): Tensor => {
    const at = step.astype(dtype).neg().add(4);
    return body.w
      .mul(0)
      .add(at)
      .add(body.w.sub(ff.stopGradient(body.w)))
      .sqrt()
      .sum()
      .add(head.sum());
  };
  const stepped = generated((_key, step) => step);

  it('stops at a gradient that is not finite, with its path, and keeps the checkpoint before it', async () => {
    for (const innerSteps of [1, 2]) {
      const storage = memoryStorage();
      const run = train({
        params: params(),
        loss: rooted,
        optimizer: sgd({ learningRate: 0.01 }),
        batches: stepped,
        steps: 8,
        logEvery: 8,
        checkpointEvery: 2,
        innerSteps,
        storage,
      });
      const error = (await run.catch((e: unknown) => e)) as NonFiniteGradientError;
      expect(error).toBeInstanceOf(NonFiniteGradientError);
      expect(error).toMatchObject({ step: 4, path: 'body.w' });
      expect(error.message).toMatch(/that of 'body\.w' is not at step 4.*clipByGlobalNorm/);
      expect([...storage.files.keys()].filter((name) => name.startsWith('state'))).toEqual(['state-4.safetensors']);
    }
  });

  it('names the path under a loss that is not finite, and in turns that of the turn', async () => {
    const bad = ({ head }: Params, step: Tensor): Tensor => head.sum().mul(step.astype(dtype).sub(2).log());
    const parts = { params: params(), batches: stepped, steps: 9, logEvery: 9 };
    const sole = train({ ...parts, loss: bad, optimizer: sgd({ learningRate: 1 }) });
    await expect(sole).rejects.toThrow(NonFiniteLossError);
    await expect(sole).rejects.toMatchObject({ step: 0, path: 'head' });
    const turns = train({
      ...parts,
      turns: {
        body: { optimizer: sgd({ learningRate: 1 }), loss: ({ body }: Params) => body.w.sum() },
        head: { optimizer: sgd({ learningRate: 1 }), loss: bad },
      },
    });
    await expect(turns).rejects.toMatchObject({ step: 1, path: 'head' });
    await expect(turns).rejects.toThrow(NonFiniteError);
    const constant = train({
      ...parts,
      loss: ({ head }: Params) => head.sum().mul(0).add(Number.POSITIVE_INFINITY),
      optimizer: sgd({ learningRate: 1 }),
    });
    await expect(constant).rejects.toMatchObject({ step: 0, path: null, loss: Number.POSITIVE_INFINITY });
  });

  it('writes no checkpoint of parameters that an update made infinite', async () => {
    const storage = memoryStorage();
    const largest = dtype === 'f32' ? 3e38 : 1e308;
    const run = train({
      params: { w: made([largest]) },
      loss: ({ w }: { w: Tensor }) => w.mul(-0.5).sum(),
      optimizer: sgd({ learningRate: dtype === 'f32' ? largest : 1.7 * largest }),
      batches: fullBatch(made([0])),
      steps: 1,
      storage,
    });
    await expect(run).rejects.toThrow(NonFiniteParameterError);
    await expect(run).rejects.toMatchObject({ step: 1, path: 'w' });
    expect(storage.files.has('checkpoint.json')).toBe(false);
  });

  const climbing = (first: number, rate: number, steps: number, more: object = {}) => ({
    params: { w: made([first]) },
    // The derivative -rate makes each step add `rate`, whatever the loss is.
    loss: ({ w }: { w: Tensor }): Tensor => ff.stopGradient(w.mul(2)).sub(w).sum(),
    optimizer: sgd({ learningRate: rate }),
    batches: fullBatch(made([0])),
    steps,
    logEvery: 5,
    ...more,
  });

  it('warns once of a loss far above the first, and says so in the result and at the end', async () => {
    const events: TrainEvent[] = [];
    const storage = memoryStorage();
    const trainer = await train({ ...climbing(1, 1, 20, { storage }), onEvent: (event) => void events.push(event) });
    // Losses 1, 2, 3, …: their median is 3; the means of five are 3, 8, 13, 18, and 10 times 3 is not reached.
    expect(trainer.diverged).toBe(false);
    expect(events.at(-1)).toEqual({ kind: 'done', step: 20 });

    const warned: TrainEvent[] = [];
    const resumed = await train({
      ...climbing(1, 1, 60, { storage }),
      resume: true,
      onEvent: (event) => void warned.push(event),
    });
    const warnings = warned.filter((event) => event.kind === 'warning');
    expect(warnings).toEqual([
      { kind: 'warning', reason: 'divergence', step: 35, loss: 33, firstLoss: 3, message: expect.any(String) },
    ]);
    expect(warnings[0].message).toMatch(/its mean is 33\.00 at step 35, and began at 3\.000\. Lower the learning rate/);
    expect(resumed.diverged).toBe(true);
    expect(warned[0]).toEqual({ kind: 'resumed', step: 20, steps: 60 });
    expect(warned.at(-1)).toEqual({ kind: 'done', step: 60, diverged: true });
    expect((await readMetrics(storage)).filter((record) => record.diverged === 1)).toEqual([
      { step: 35, diverged: 1, firstLoss: 3 },
    ]);
  });

  it('measures by the size of the first losses, also below 0, and by the factor that is given', async () => {
    for (const [first, rate] of [
      [-5, 0.01],
      [5, 0.1],
    ]) {
      expect((await train(climbing(first, rate, 40))).diverged).toBe(false);
    }
    expect((await train(climbing(-5, 5, 40))).diverged).toBe(true);
    expect((await train(climbing(1, 1, 20, { divergenceFactor: 4 }))).diverged).toBe(true);
    expect((await train(climbing(1, 1, 60, { divergenceFactor: Number.POSITIVE_INFINITY }))).diverged).toBe(false);
  });
});
