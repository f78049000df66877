import { sgd } from '@flowfield/nn';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, it } from 'vitest';
import { createTrainer, fullBatch, memoryStorage, readMetrics, type TrainEvent, train } from '../index.ts';

const parts = () => ({
  params: { w: tensor([0]) },
  // Each step adds 1 to w.
  loss: ({ w }: { w: Tensor }): Tensor => w.neg().sum(),
  optimizer: sgd({ learningRate: 1 }),
  batches: fullBatch(tensor([0])),
  steps: 10,
  validateEvery: 1,
});
const inTurn = (values: readonly number[]) => (_params: unknown, step: number) => values[step - 1];

it('keeps the best by a named metric that is to be high', async () => {
  const scores = [0.1, 0.7, 0.9, 0.9, 0.3];
  const events: TrainEvent[] = [];
  const storage = memoryStorage();
  const trainer = await train({
    ...parts(),
    steps: 5,
    storage,
    validate: (_params, step) => ({ loss: step, accuracy: scores[step - 1] }),
    best: { metric: 'accuracy', mode: 'max' },
    onEvent: (event) => void events.push(event),
  });
  expect(trainer.best).toMatchObject({ step: 3, value: 0.9 });
  expect(trainer.best?.params.w.item()).toBe(3);
  const validations = events.filter((event) => event.kind === 'validation');
  expect(validations.map(({ best }) => best)).toEqual([true, true, true, false, false]);
  expect(validations[1]).toEqual({
    kind: 'validation',
    step: 2,
    value: 0.7,
    best: true,
    metrics: { loss: 2, accuracy: 0.7 },
  });
  const records = (await readMetrics(storage)).filter((record) => record.validation !== undefined);
  expect(records[0]).toEqual({ step: 1, validation: 0.1, 'validation.loss': 1, 'validation.accuracy': 0.1 });
});

it('takes the first of several numbers where none is named', async () => {
  const trainer = await train({ ...parts(), steps: 2, validate: (_p, step) => ({ error: step, other: -step }) });
  expect(trainer.best).toMatchObject({ step: 1, value: 1 });
});

it('ends early after validations without an improvement', async () => {
  const values = [5, 4, 4.5, 3.95, 4.2, 4.1, 4, 3, 2, 1];
  const run = async (earlyStopping: { patience: number; minDelta?: number }) => {
    const events: TrainEvent[] = [];
    const onEvent = (event: TrainEvent): void => void events.push(event);
    const trainer = await train({ ...parts(), validate: inTurn(values), earlyStopping, onEvent });
    return { step: trainer.step, last: events.at(-1), best: trainer.best?.value };
  };
  expect(await run({ patience: 3 })).toEqual({
    step: 7,
    last: { kind: 'done', step: 7, reason: 'earlyStopping' },
    best: 3.95,
  });
  expect(await run({ patience: 3, minDelta: 0.1 })).toMatchObject({ step: 5, best: 3.95 });
  expect(await run({ patience: 4 })).toEqual({ step: 10, last: { kind: 'done', step: 10 }, best: 1 });
});

it('remembers its patience over a stop, and does not go on when it had run out', async () => {
  const validate = inTurn([1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  const storage = memoryStorage();
  const settings = { ...parts(), validate, storage, earlyStopping: { patience: 3 } };
  await train({ ...settings, steps: 3 });
  expect((await train({ ...settings, resume: true })).step).toBe(4);
  const events: TrainEvent[] = [];
  const again = await train({ ...settings, resume: true, onEvent: (event) => void events.push(event) });
  expect(again.step).toBe(4);
  expect(events.map(({ kind }) => kind)).toEqual(['resumed', 'done']);
});

it('keeps infinite values over a stop', async () => {
  const validate = inTurn([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 5, 6]);
  const storage = memoryStorage();
  const settings = { ...parts(), validate, storage, steps: 4, earlyStopping: { patience: 9 } };
  await train({ ...settings, steps: 2 });
  const resumed = createTrainer(settings);
  await resumed.resume();
  expect(resumed.best).toMatchObject({ step: 1, value: Number.POSITIVE_INFINITY });
  for await (const event of resumed.run()) expect(event.step).toBeGreaterThanOrEqual(2);
  expect(resumed.best).toMatchObject({ step: 3, value: 5 });
});

it('names validations and options that do not fit', async () => {
  const run = (changes: object) => train({ ...parts(), steps: 1, ...changes } as never);
  await expect(run({ validate: () => ({}) })).rejects.toThrow(/got a value of type object/);
  await expect(run({ validate: () => ({ a: Number.NaN }) })).rejects.toThrow(/got NaN for 'a' at step 1/);
  await expect(run({ validate: () => ({ a: '1' }) })).rejects.toThrow(/got a value of type string for 'a'/);
  await expect(run({ validate: () => undefined })).rejects.toThrow(/got a value of type undefined/);
  await expect(run({ validate: () => 1, best: { metric: 'a' } })).rejects.toThrow(/best\.metric is 'a', but validate/);
  await expect(run({ validate: () => ({ b: 1 }), best: { metric: 'a' } })).rejects.toThrow(/'a' is not among.*: b/);
  expect(() => createTrainer({ ...parts(), best: { mode: 'lowest' as never } })).toThrow(/'min' or 'max', got lowest/);
  expect(() => createTrainer({ ...parts(), earlyStopping: { patience: 1 } })).toThrow(/earlyStopping needs validate/);
  const validate = () => 1;
  expect(() => createTrainer({ ...parts(), validate, earlyStopping: { patience: 0 } })).toThrow(/patience must be/);
  expect(() => createTrainer({ ...parts(), validate, earlyStopping: { patients: 1 } as never })).toThrow(
    /Did you mean patience\?/,
  );
});
