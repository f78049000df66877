import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adam } from '@flowfield/nn';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generated, readMetrics, train } from '../index.ts';
import { folderStorage } from '../node.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowfield-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

it('writes, replaces, appends, reads and removes files, and leaves no temporary ones', async () => {
  const storage = folderStorage(join(folder, 'deep', 'run'));
  expect(await storage.read('a')).toBeNull();
  await storage.write('a', bytesOf('old'));
  await storage.write('a', bytesOf('new'));
  await storage.append?.('a', bytesOf('er'));
  expect(new TextDecoder().decode((await storage.read('a')) as Uint8Array)).toBe('newer');
  expect(await readdir(join(folder, 'deep', 'run'))).toEqual(['a']);
  await storage.remove?.('a');
  expect(await storage.read('a')).toBeNull();
});

it('keeps the old file when a write fails', async () => {
  const storage = folderStorage(folder);
  await storage.write('a', bytesOf('old'));
  await expect(storage.write('a', 5 as never)).rejects.toThrow();
  expect(new TextDecoder().decode((await storage.read('a')) as Uint8Array)).toBe('old');
  expect(await readdir(folder)).toEqual(['a']);
});

it('takes plain file names only', async () => {
  const storage = folderStorage(folder);
  for (const name of ['../a', 'a/b', '', '..'])
    await expect(storage.read(name)).rejects.toThrow(/expected a plain file name/);
});

it('passes on what is not a missing file', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(folderStorage(join(folder, 'file')).read('a')).rejects.toThrow(/ENOTDIR/);
});

it('holds a run that goes on bit for bit', async () => {
  const options = {
    params: { w: tensor([1, 2, 3]) },
    loss: ({ w }: { w: Tensor }, x: Tensor): Tensor => w.sub(x).square().sum(),
    optimizer: adam({ learningRate: 0.1 }),
    batches: generated((key): Tensor => random.normal(key, [3])),
  };
  const whole = await train({ ...options, steps: 20 });
  const storage = folderStorage(folder);
  await train({ ...options, steps: 10, storage, logEvery: 5 });
  const resumed = await train({ ...options, steps: 20, storage, logEvery: 5, resume: true });
  expect([...resumed.params.w.dataSync()]).toEqual([...whole.params.w.dataSync()]);
  expect((await readMetrics(storage)).map(({ step }) => step)).toEqual([5, 10, 15, 20]);
  expect((await readdir(folder)).sort()).toEqual(['checkpoint.json', 'metrics.jsonl', 'state-20.safetensors']);
});
