import { adam } from '@flowfield/nn';
import { DeviceError, defaultDevice, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { generated, memoryStorage } from '@flowfield/train';
import { expect, test } from 'vitest';
import type { Part, PartContext } from '../part.ts';
import { quietWork } from '../work.ts';
import { type RunPartOptions, runPart } from './runPart.ts';

/** A line through the origin, fitted; `kept` counts how often it is computed. */
const count = { kept: 0 };
const training = (steps: number) => ({
  params: { w: tensor([0]) },
  loss: ({ w }: { w: Tensor }, x: Tensor) => x.mul(w).sub(x.mul(3)).square().mean(),
  batches: generated(() => tensor([1, 2])),
  optimizer: adam({ learningRate: 0.1 }),
  steps,
  logEvery: 50,
});
const part = (run: Part['run']): Part => ({
  name: 'line',
  summary: 'a line',
  minutes: 0.1,
  metrics: [
    { name: 'slope', label: 'slope' },
    { name: 'draws', label: 'draws', baseline: true },
  ],
  run,
});
const fitted = part(async (context: PartContext) => {
  const { params, history } = await context.trained('line', training(400));
  const draws = await context.kept('draws', () => ++count.kept);
  return { figures: { slope: params.w.item(), draws: draws + 0 * history.length } };
});

function options(overrides: Partial<RunPartOptions> = {}): RunPartOptions {
  const pieces = new Map<string, ReturnType<typeof memoryStorage>>();
  return {
    seed: 0,
    effort: 'plain',
    files: { benchmark: async () => new Uint8Array(), named: async () => new Uint8Array() },
    work: quietWork,
    storage: (piece) => {
      if (!pieces.has(piece)) pieces.set(piece, memoryStorage());
      return pieces.get(piece)!;
    },
    ...overrides,
  };
}

test('a part trains, keeps what took long, and gives its figures', async () => {
  const { figures } = await runPart(fitted, options());
  expect(figures.slope).toBeCloseTo(3, 2);
});

test('a part of the CPU alone is refused on another device, with the reason', async () => {
  const alone = { ...fitted, onlyCpu: 'it computes in float64' };
  defaultDevice('reference');
  try {
    const run = runPart(alone, options());
    await expect(run).rejects.toThrow(DeviceError);
    await expect(run).rejects.toThrow(
      "part line: it runs on the device 'cpu' alone, since it computes in float64; given 'reference'",
    );
  } finally {
    defaultDevice('cpu');
  }
});

test('work that was done is not done again', async () => {
  const once = options();
  const first = await runPart(fitted, once);
  let trained = 0;
  const second = await runPart(fitted, {
    ...once,
    onEvent: (_piece, event) => (trained += Number(event.kind === 'progress')),
  });
  expect(second.figures).toEqual(first.figures);
  expect(trained).toBe(0);
});

test('a part that was stopped in its training goes on to the same bits', async () => {
  const whole = await runPart(fitted, options());
  const stop = new AbortController();
  const stopped = options({ work: { ...quietWork, signal: stop.signal }, onEvent: () => stop.abort() });
  await expect(runPart(fitted, stopped)).rejects.toThrow();
  const steps: number[] = [];
  const { figures } = await runPart(fitted, {
    ...stopped,
    work: quietWork,
    onEvent: (_piece, event) => void steps.push(event.step),
  });
  expect(figures.slope).toBe(whole.figures.slope);
  expect(steps[0]).toBeGreaterThanOrEqual(50);
});

test.each([
  [{ slope: 1 }, "a finite number for 'draws', given undefined"],
  [{ slope: Number.NaN, draws: 1 }, "a finite number for 'slope', given NaN"],
  [{ slope: 1, draws: 1, other: 2 }, "the figure 'other' is none of its metrics"],
])('figures that do not fit the metrics: %j', async (figures, message) => {
  await expect(
    runPart(
      part(async () => ({ figures })),
      options(),
    ),
  ).rejects.toThrow(message);
});
