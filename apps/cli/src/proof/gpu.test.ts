import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { tiny } from '../command/testing/captured.ts';
import { shell } from './program.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The environment in which a new process has a WebGPU adapter, or why none has. */
    webgpu: { env?: Record<string, string>; missing?: string };
  }
}

test('train on a GPU: the same figures as on the CPU, within rounding, and the process ends', async (context) => {
  const { env, missing } = inject('webgpu');
  if (!env) return context.skip(missing);
  const home = await mkdtemp(join(tmpdir(), 'flowfield-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const setting = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const runs = await Promise.all(
    ['cpu', 'webgpu'].map(async (device) => {
      const out = join(home, device);
      const line = `flowfield train earth --device ${device} --out ${out} --seed 3 ${tiny.join(' ')}`;
      const { code, stderr } = await shell(`${setting.length > 0 ? `export ${setting.join(' ')}; ` : ''}${line}`);
      expect([code, stderr.includes(`device ${device}`)], stderr).toEqual([0, true]);
      const json = async (name: string) => JSON.parse(await readFile(join(out, name), 'utf8'));
      const history = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      return { device: (await json('config.json')).device, metrics: await json('metrics.json'), history };
    }),
  );
  const [cpu, gpu] = runs;
  expect(gpu.device).toBe('webgpu');
  const losses = runs.map(({ history }) =>
    history.map((line) => JSON.parse(line).loss as number | undefined).filter((loss) => loss !== undefined),
  );
  expect(losses[0].length).toBeGreaterThan(3);
  expect(losses[1]).toHaveLength(losses[0].length);
  losses[1].forEach((loss, i) => {
    expect(loss).toBeCloseTo(losses[0][i], 3);
  });
  expect(gpu.metrics.figures.testNll).toBeCloseTo(cpu.metrics.figures.testNll, 3);
}, 400_000);
