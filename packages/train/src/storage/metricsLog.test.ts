import { expect, it } from 'vitest';
import { MetricsLogError, memoryStorage, readMetrics } from '../index.ts';

const storageOf = async (text: string) => {
  const storage = memoryStorage();
  await storage.write('metrics.jsonl', new TextEncoder().encode(text));
  return storage;
};

it('reads the records, without a last line that a crash cut off', async () => {
  const storage = await storageOf('{"step":1,"loss":0.5}\n{"step":2,"loss":0.25}\n{"step":3,"lo');
  expect(await readMetrics(storage)).toEqual([
    { step: 1, loss: 0.5 },
    { step: 2, loss: 0.25 },
  ]);
});

it.each(['junk', '3', 'null', '{"loss":1}'])('names the line %s, which is no record', async (line) => {
  const storage = await storageOf(`{"step":1,"loss":0.5}\n${line}\n{"step":2,"loss":0.25}\n`);
  await expect(readMetrics(storage)).rejects.toThrow(MetricsLogError);
  await expect(readMetrics(storage)).rejects.toThrow(/^metrics.jsonl:2: expected a JSON object with a number 'step'/);
});
