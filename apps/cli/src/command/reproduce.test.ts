import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { captured } from './testing/captured.ts';

let folder: string;
let where: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowfield-reproduce-'));
  where = ['--out', join(folder, 'results'), '--runs', join(folder, 'runs')];
});

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const quick = ['reproduce', 'flow-matching', '--part', 'checkerboard', '--quick'];

describe('reproduce', () => {
  test('--plan: parts, minutes, what is missing', async () => {
    const { code, stdout } = await captured(['reproduce', '--plan', ...where]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/flow-matching checkerboard +\d+ min {2}no result/);
    expect(stdout).toMatch(/parts, \d+ minutes of one core/);
    const { stdout: json } = await captured(['reproduce', 'flow-matching', '--plan', '--json', ...where]);
    expect(JSON.parse(json).plan.find(({ part }: { part: string }) => part === 'checkerboard')).toMatchObject({
      part: 'checkerboard',
      seeds: [0, 1, 2],
      done: [],
      result: 'none',
    });
  });

  test.each([
    [['reproduce'], 'reproduce expects a paper: flow-matching'],
    [['reproduce', 'flow-machting'], "did you mean 'flow-matching'?"],
    [['reproduce', 'flow-matching', '--part', 'checkerbord'], "did you mean 'checkerboard'?"],
    [['reproduce', 'all', '--part', 'checkerboard'], '--part needs the paper'],
    [['reproduce', 'flow-matching', '--seeds', '0,0'], 'different whole numbers'],
    [['reproduce', 'flow-matching', '--seeds', '0x1'], "given '0x1'"],
    [[...quick, '--preset', 'best'], 'exclude each other'],
    [['reproduce', 'flow-matching', '--part', 'checkerboard-256', '--quick'], 'has no quick setting'],
    [['reproduce', 'flow-matching', '--preset', 'bset'], 'best'],
    [['reproduce', 'ign', '--part', 'exact', '--device', 'webgpu'], 'it computes in float64'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await captured(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('two seeds side by side, stopped, gone on with: one result', { timeout: 240_000 }, async () => {
    const call = ['--conditions=@flowfield/source', main, ...quick, '--seeds', '0,1', '--jobs', '2', ...where];
    const first = spawn(process.execPath, call, { stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    first.stderr.on('data', (chunk) => {
      if (told === '') setTimeout(() => first.kill('SIGTERM'), 2500);
      told += chunk;
    });
    const [code] = await once(first, 'close');
    expect(told).toContain('2 to do, 2 side by side');
    expect(told).toContain('Stopped. Go on with the same command');
    expect(code).toBe(143);

    const second = spawn(process.execPath, call, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [done] = await once(second, 'close');
    expect(done).toBe(0);
    const result = JSON.parse(
      await readFile(join(folder, 'results', 'flow-matching', 'checkerboard.quick.json'), 'utf8'),
    );
    expect(result).toMatchObject({
      ...{ paper: 'flow-matching', part: 'checkerboard', metric: 'nll', seeds: [0, 1], device: 'cpu', threads: 1 },
      command: expect.stringContaining('reproduce flow-matching --part checkerboard --quick --seeds 0,1'),
    });
    // The net of a quick look: far better than normal noise, which has 5.7 nats, and never below the entropy.
    expect(result.value).toBeLessThan(4.1);
    expect(result.value).toBeGreaterThan(3.67);

    const again = await captured([...quick, '--seeds', '0,1', ...where]);
    expect(again.stderr).toContain('2 of 2 were done before');
  });
});
