import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = new URL('./index.ts', import.meta.url).pathname;
let folder: string;
let bundle: string;

/** A program that is worth threads, and prints one line of JSON. */
const CODE = `
  import * as ff from ${JSON.stringify(source)};
  import { isMainThread, parentPort, Worker } from 'node:worker_threads';
  const step = ff.jit((x, w) => x.matmul(w).tanh());
  function sum(turns) {
    const [x, w] = [0, 1].map((seed) => ff.random.normal(ff.random.key(seed), [256, 256]));
    let y = x;
    for (let i = 0; i < turns; i++) y = step(y, w);
    return y.square().sum().item();
  }
  const what = process.argv[2] ?? 'worker';
  if (!isMainThread) parentPort.postMessage({ sum: sum(60), info: ff.deviceInfo('cpu') });
  else if (what === 'worker') {
    const worker = new Worker(new URL(import.meta.url));
    worker.on('message', (inside) => {
      console.log(JSON.stringify({ inside, outside: sum(60) }));
    });
  } else if (what === 'info') {
    try {
      console.log(JSON.stringify(ff.deviceInfo('cpu')));
    } catch (error) {
      console.log(JSON.stringify({ name: error.name, message: error.message }));
    }
  } else {
    const total = sum(60);
    await new Promise((next) => setTimeout(next, 100));
    const before = process.cpuUsage();
    await new Promise((next) => setTimeout(next, 500));
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ total, ...ff.deviceInfo('cpu'), idle: (user + system) / 1000 }));
  }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'threads-'));
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, CODE);
  bundle = join(folder, 'bundle.mjs');
  const options = { bundle: true, minify: true, keepNames: true, format: 'esm', platform: 'node' } as const;
  await build({ entryPoints: [entry], outfile: bundle, ...options });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function printed(what: string, threads?: string, flags: readonly string[] = []) {
  const env = { ...process.env, FLOWFIELD_THREADS: threads ?? '' };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, bundle, what], { env, timeout: 30_000 });
  return JSON.parse(stdout);
}

// What is run is a bundle: no file of the library lies beside it.
describe('a process with threads', { timeout: 60_000 }, () => {
  it('gives the same number with 1, 2 and 4, and ends by itself', async () => {
    const [one, two, four] = [await printed('run', '1'), await printed('run', '2'), await printed('run', '4')];
    expect([one.threads, two.threads, four.threads]).toEqual([1, 2, 4]);
    expect(one.total).toBeGreaterThan(1000);
    expect(two.total).toBe(one.total);
    expect(four.total).toBe(one.total);
  });

  it('uses no processor while it has nothing to do', async () => {
    // Of 500 ms: a thread that spins would use all of them.
    expect((await printed('run', '4')).idle).toBeLessThan(100);
  });

  it('has them inside a worker of its own too', async () => {
    const { inside, outside } = await printed('worker', '3');
    expect(inside.sum).toBe(outside);
    expect(inside.info.threads).toBe(3);
  });

  it('reads FLOWFIELD_THREADS, and names it when it is no number of threads', async () => {
    expect(await printed('info', ' 3 ')).toMatchObject({ name: 'cpu', threads: 3, notes: [] });
    for (const bad of ['0', '-2', 'two', '1.5', '65', '1e1']) {
      expect(await printed('info', bad)).toEqual({
        name: 'ArgumentError',
        message: `FLOWFIELD_THREADS: expected a whole number of threads from 1 to 64, got ${/^\d+$/.test(bad) ? bad : `'${bad}'`}. Leave it out for as many as the process has cores.`,
      });
    }
  });

  it('runs on one where threads are forbidden, and says so', async (context) => {
    const names = ['--permission', '--experimental-permission'];
    const flag = names.find((name) => process.allowedNodeEnvironmentFlags.has(name));
    if (!flag) return context.skip('this Node has no permissions');
    const flags = [flag, '--allow-fs-read=*'];
    const [alone, forbidden] = [await printed('run', '1'), await printed('run', '2', flags)];
    expect(forbidden.total).toBe(alone.total);
    expect(forbidden.threads).toBe(1);
    expect(forbidden.notes[0]).toMatch(/^One thread: no worker could be started \(Error: Access .*\)\.$/);
  });
});
