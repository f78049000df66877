import { adam } from '@flowfield/nn';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import { browserStorage } from '../browser.ts';
import { CheckpointError, createTrainer, generated, type RunStorage, readMetrics, train } from '../index.ts';

const text = (bytes: Uint8Array | null): string | null => bytes && new TextDecoder().decode(bytes);
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

describe.each(['opfs', 'indexedDb'] as const)('%s in a page', (kind) => {
  it('writes, replaces, appends, lists and removes files of one run only', async () => {
    const [storage, other] = [
      await browserStorage(`files-${kind}`, { kind }),
      await browserStorage(`other-${kind}`, { kind }),
    ];
    expect(await storage.read('a')).toBeNull();
    await storage.write('a', bytesOf('old and long'));
    await storage.write('a', bytesOf('new'));
    await storage.append?.('a', bytesOf('er'));
    await storage.append?.('b', bytesOf('one'));
    expect(text(await storage.read('a'))).toBe('newer');
    expect((await storage.list?.())?.sort()).toEqual(['a', 'b']);
    expect(await other.read('a')).toBeNull();
    expect(await other.list?.()).toEqual([]);
    // Another handle on the same run sees the same files, as the page does when it is opened again.
    expect(text(await (await browserStorage(`files-${kind}`, { kind })).read('a'))).toBe('newer');
    await storage.remove?.('a');
    await storage.remove?.('a');
    expect(await storage.read('a')).toBeNull();
    await storage.remove?.('b');
    expect(await storage.list?.()).toEqual([]);
    for (const name of ['../a', 'a/b', '', '..'])
      await expect(storage.read(name)).rejects.toThrow(/expected a plain name/);
    await expect(browserStorage('a/b', { kind })).rejects.toThrow(/plain name of a run/);
  });

  it('holds a run that goes on bit for bit, and sees a damaged file', async () => {
    const settings = (storage?: RunStorage) => ({
      params: { w: tensor([1, 2, 3]) },
      loss: ({ w }: { w: Tensor }, x: Tensor): Tensor => w.sub(x).square().sum(),
      optimizer: adam({ learningRate: 0.1 }),
      batches: generated((key): Tensor => random.normal(key, [3])),
      steps: 20,
      logEvery: 5,
      storage,
    });
    const whole = await train(settings());
    const storage = await browserStorage(`run-${kind}`, { kind });
    await train({ ...settings(storage), steps: 10 });
    const reopened = await browserStorage(`run-${kind}`, { kind });
    const resumed = await train({ ...settings(reopened), resume: true });
    expect([...resumed.params.w.dataSync()]).toEqual([...whole.params.w.dataSync()]);
    expect((await readMetrics(storage)).map(({ step }) => step)).toEqual([5, 10, 15, 20]);
    expect((await storage.list?.())?.sort()).toEqual(['checkpoint.json', 'metrics.jsonl', 'state-20.safetensors']);

    const bytes = (await storage.read('state-20.safetensors')) as Uint8Array;
    bytes[bytes.length - 1] ^= 1;
    await storage.write('state-20.safetensors', bytes);
    await expect(createTrainer(settings(storage)).resume()).rejects.toThrow(CheckpointError);
    for (const name of (await storage.list?.()) ?? []) await storage.remove?.(name);
  });
});

it('takes the private file system first', async () => {
  const storage = await browserStorage('first');
  await storage.write('a', bytesOf('x'));
  expect(text(await (await browserStorage('first', { kind: 'opfs' })).read('a'))).toBe('x');
  await storage.remove?.('a');
});
