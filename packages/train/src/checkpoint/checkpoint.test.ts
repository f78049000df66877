import { adam } from '@flowfield/nn';
import { deviceInfo, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  createTrainer,
  generated,
  memoryStorage,
  type RunStorage,
  type TrainEvent,
  train,
} from '../index.ts';

const settings = (storage: RunStorage) => ({
  params: { w: tensor([1, 2, 3]) },
  loss: ({ w }: { w: Tensor }, x: Tensor): Tensor => w.sub(x).square().sum(),
  optimizer: adam({ learningRate: 0.1 }),
  batches: generated((key): Tensor => random.normal(key, [3])),
  validate: (_params: unknown, step: number) => step,
  validateEvery: 2,
  steps: 20,
  storage,
});

/** A run that was stopped after 4 steps, with a best file of step 2. */
async function stopped() {
  const storage = memoryStorage();
  await train({ ...settings(storage), steps: 4 });
  return storage;
}

/** What JSON bytes say, in one form; `null` for what is no JSON. */
function contentOf(bytes: Uint8Array): string | null {
  try {
    return JSON.stringify(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return null;
  }
}

const resumed = (storage: RunStorage) => createTrainer(settings(storage)).resume();

it('a checkpoint says with which arithmetic it was computed', async () => {
  const text = new TextDecoder().decode((await stopped()).files.get('checkpoint.json'));
  expect(JSON.parse(text).numerics).toBe(deviceInfo().numerics);
});

describe('a damaged checkpoint is named with its file', () => {
  it.each(['state-4.safetensors', 'best-2.safetensors'])('%s with any byte flipped, cut, or longer', async (name) => {
    const { length } = (await stopped()).files.get(name) as Uint8Array;
    for (const at of [0, 9, Math.floor(length / 2), length - 1]) {
      const storage = await stopped();
      const bytes = storage.files.get(name) as Uint8Array;
      bytes[at] ^= 1;
      await expect(resumed(storage)).rejects.toThrow(CheckpointError);
      await expect(resumed(storage)).rejects.toThrow(
        new RegExp(`${name} is damaged: its SHA-256 is not.*Restore the file from a copy, or start anew`),
      );
      await expect(resumed(storage)).rejects.toMatchObject({ file: name });
    }
    const storage = await stopped();
    const whole = storage.files.get(name) as Uint8Array;
    for (const bytes of [whole.subarray(0, 0), whole.subarray(0, -1), new Uint8Array([...whole, 0])]) {
      storage.files.set(name, bytes);
      await expect(resumed(storage)).rejects.toThrow(/is damaged: it has \d+ bytes where \d+ were written/);
    }
    storage.files.delete(name);
    await expect(resumed(storage)).rejects.toThrow(new RegExp(`names ${name}, which is missing`));
  });

  it('checkpoint.json with any byte flipped', async () => {
    const { length } = (await stopped()).files.get('checkpoint.json') as Uint8Array;
    for (let at = 0; at < length; at++) {
      const storage = await stopped();
      const bytes = storage.files.get('checkpoint.json') as Uint8Array;
      const content = contentOf(bytes);
      bytes[at] ^= 1;
      // White space, or the last digit of a number, may change without a change of what is read.
      if (content === contentOf(bytes)) continue;
      await expect(resumed(storage), `byte ${at}`).rejects.toThrow(CheckpointError);
      await expect(resumed(storage)).rejects.toThrow(/checkpoint\.json/);
    }
  });

  it.each([
    'null',
    '3',
    '"a"',
    '[]',
    '{}',
    '{"format":2}',
    '',
    '{',
    '\xff',
    '{"format":2,"step":4,"seed":0,"state":"x","best":null,"memory":{"divergence":{},"patience":{}},"files":{}}',
  ])('checkpoint.json that holds %s', async (text) => {
    const storage = await stopped();
    storage.files.set(
      'checkpoint.json',
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
    );
    await expect(resumed(storage)).rejects.toThrow(CheckpointError);
    await expect(resumed(storage)).rejects.toThrow(/checkpoint\.json.*(Restore|start anew)/);
    await expect(train(settings(storage))).rejects.toThrow(CheckpointError);
  });

  it('checkpoint.json with another step, or of another version', async () => {
    const storage = await stopped();
    const manifest = JSON.parse(new TextDecoder().decode(storage.files.get('checkpoint.json')));
    const put = (changes: object): void =>
      void storage.files.set('checkpoint.json', new TextEncoder().encode(JSON.stringify({ ...manifest, ...changes })));
    put({ step: 3 });
    await expect(resumed(storage)).rejects.toThrow(/was changed since it was written/);
    put({ format: 1 });
    await expect(resumed(storage)).rejects.toThrow(/expected format 2 in checkpoint\.json, got 1. Use the version/);
    put({});
    expect(await resumed(storage)).toBe(true);
  });
});

it('clears what cut-off checkpoints left, and nothing else', async () => {
  const storage = await stopped();
  const odd = ['state-3.safetensors', 'best-1.safetensors', 'state-9.safetensors.123.tmp', 'map.png.77.tmp'];
  const own = ['notes.txt', 'state-final.safetensors', 'a.tmp'];
  for (const name of [...odd, ...own]) await storage.write(name, new Uint8Array([1]));
  await train({ ...settings(storage), resume: true });
  expect([...storage.files.keys()].sort()).toEqual(
    [...own, 'best-2.safetensors', 'checkpoint.json', 'metrics.jsonl', 'state-20.safetensors'].sort(),
  );
  const fresh = memoryStorage();
  await fresh.write('state-1.safetensors', new Uint8Array([1]));
  await train({ ...settings(fresh), steps: 2 });
  expect([...fresh.files.keys()].sort()).toEqual([
    'best-2.safetensors',
    'checkpoint.json',
    'metrics.jsonl',
    'state-2.safetensors',
  ]);
});

it('saves by time too, and goes on from there to the same end', async () => {
  const storage = memoryStorage();
  const slow = {
    ...settings(storage),
    logEvery: 1,
    validate: undefined,
    validateEvery: undefined,
    checkpointSeconds: 0.05,
  };
  const saved: number[] = [];
  const crash = async (): Promise<void> => {
    for await (const event of createTrainer(slow).run()) {
      await new Promise((resume) => setTimeout(resume, 20));
      if (event.kind === 'checkpoint') saved.push(event.step);
      if (event.step === 12) throw new Error('crash');
    }
  };
  await expect(crash()).rejects.toThrow('crash');
  expect(saved.length).toBeGreaterThanOrEqual(2);
  expect(saved.length).toBeLessThanOrEqual(6);
  const events: TrainEvent[] = [];
  const trainer = await train({ ...slow, resume: true, onEvent: (event) => void events.push(event) });
  expect(events[0]).toEqual({ kind: 'resumed', step: saved.at(-1), steps: 20 });
  const whole = await train({ ...slow, storage: undefined });
  expect([...trainer.params.w.dataSync()]).toEqual([...whole.params.w.dataSync()]);
});

it('waits 30 seconds unless it is told otherwise, and names other intervals', async () => {
  const events: TrainEvent[] = [];
  await train({ ...settings(memoryStorage()), logEvery: 1, onEvent: (event) => void events.push(event) });
  expect(events.filter(({ kind }) => kind === 'checkpoint').map(({ step }) => step)).toEqual([20]);
  const storage = memoryStorage();
  expect(() => createTrainer({ ...settings(storage), checkpointSeconds: 0 })).toThrow(
    /checkpointSeconds must be a number above 0/,
  );
});

it('keeps the last checkpoint when the next cannot be written', async () => {
  const storage = await stopped();
  const full = {
    ...storage,
    write: async (name: string, bytes: Uint8Array): Promise<void> => {
      if (name.startsWith('state-20')) throw new Error('ENOSPC: no space left on device');
      await storage.write(name, bytes);
    },
  };
  await expect(train({ ...settings(full), resume: true })).rejects.toThrow(/ENOSPC/);
  expect(await resumed(storage)).toBe(true);
});
