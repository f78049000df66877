import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { tiny } from '../command/testing/captured.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-guard-'));
});

/** Starts a training that takes long, and waits until it trains. */
async function training(name: string, ...settings: string[]) {
  const out = join(home, name);
  const args = ['--conditions=@flowfield/source', main, 'train', 'earth', '--out', out, ...tiny, ...settings];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close') as Promise<[number]>;
  while (!existsSync(join(out, 'metrics.jsonl')) && child.exitCode === null) await delay(50);
  return { out, child, ended, stderr: () => stderr };
}

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const endless = ['--steps', '10000000'];
/** The processes that a process started. */
async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  const ps = spawn('ps', ['-o', 'pid=', '--ppid', `${pid}`]);
  let out = '';
  ps.stdout.on('data', (text) => {
    out += text;
  });
  await once(ps, 'close');
  return out.trim().split(/\s+/).map(Number);
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s', (signal, expected) => {
  test('stops after the step, with a checkpoint and how to go on', async () => {
    const { out, child, ended, stderr } = await training(`first-${signal}`, ...endless);
    child.kill(signal);
    const [code] = await ended;
    expect(stderr()).toContain('Stopping after this step; again ends now.');
    expect(stderr()).toContain(`Stopped. Go on with: flowfield train earth --out ${out} --resume`);
    expect(stderr()).not.toContain('    at ');
    expect(code).toBe(expected);
    expect(await readdir(out)).toEqual(expect.arrayContaining(['checkpoint.json', 'config.json', 'model.safetensors']));
    expect(await readdir(out)).not.toContain('run.lock');
  });
});

test('ends by itself when it was started with a channel, as npm start does', async () => {
  const child = spawn(process.execPath, ['--conditions=@flowfield/source', main, 'list'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
});

test('the second signal ends it at once, in the middle of a long step', async () => {
  // One call of the compiled program takes many seconds.
  const heavy = ['--set', 'width=1024', '--set', 'depth=4', '--set', 'batch=4096', '--set', 'innerSteps=1'];
  const out = join(home, 'second');
  const args = ['--conditions=@flowfield/source', main, 'train', 'earth', '--out', out, ...tiny, ...endless, ...heavy];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number]>;
  while (!existsSync(join(out, 'config.json'))) await delay(50);
  await delay(1500);
  child.kill('SIGINT');
  await delay(100);
  const start = performance.now();
  child.kill('SIGINT');
  const [code] = await ended;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(code).toBe(130);
});

test('a worker whose guard was killed stops with a checkpoint', async (context) => {
  if (process.platform !== 'linux') context.skip('reads the process table of Linux');
  const { out, child, ended } = await training('orphan', ...endless);
  const [worker] = await childrenOf(child);
  child.kill('SIGKILL');
  await ended;
  const alive = (): boolean => {
    try {
      process.kill(worker, 0);
      return true;
    } catch {
      return false;
    }
  };
  for (let i = 0; i < 200 && alive(); i++) await delay(50);
  expect(alive()).toBe(false);
  expect(await readdir(out)).toEqual(expect.arrayContaining(['checkpoint.json', 'model.safetensors']));
});
