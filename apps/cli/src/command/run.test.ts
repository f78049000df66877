import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deviceInfo, readNpy } from '@flowfield/tensor-webgpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { lockRun } from '../runs/lock.ts';
import { captured, tiny } from './testing/captured.ts';

let home: string;
/** A finished run. */
let run: string;
let trained: Awaited<ReturnType<typeof captured>>;
const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-'));
  run = join(home, 'run');
  trained = await captured(['train', 'earth', '--out', run, '--seed', '3', ...tiny]);
});

describe('train', () => {
  test('ends with a table, the files, and what to try next', () => {
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/model +-?\d+\.\d{4}/);
    expect(trained.stdout).toMatch(/kernel density +-?\d+\.\d{4}/);
    expect(trained.stdout).toMatch(/uniform +2\.5310/);
    expect(trained.stdout).toContain(join(run, 'map.png'));
    expect(trained.stdout).toContain(`flowfield sample ${run} --count`);
  });

  test('leaves a run folder', async () => {
    expect(await readdir(run)).toEqual(
      expect.arrayContaining([
        'checkpoint.json',
        'config.json',
        'loss.png',
        'loss.svg',
        'map.png',
        'map.svg',
        'metrics.json',
        'metrics.jsonl',
        'model.safetensors',
        'samples.csv',
        'samples.npy',
      ]),
    );
  });

  test('config.json holds everything that the run depends on', async () => {
    const config = await json(run, 'config.json');
    expect(config).toMatchObject({
      recipe: 'earth',
      settings: { steps: 40, width: 8, duplicates: 'keep' },
      seed: 3,
      device: 'cpu',
      numerics: deviceInfo('cpu').numerics,
      data: { source: 'embedded', name: 'embedded', rows: 1707, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      split: { seed: 3, train: 1366, validation: 170, test: 171 },
      versions: { flowfield: '1.2.3', node: process.versions.node },
    });
  });

  test('the number of threads changes nothing but the time', async () => {
    const out = join(home, 'threads');
    const { code, stderr } = await captured(['train', 'earth', '--out', out, '--seed', '3', '--threads', '2', ...tiny]);
    expect(code).toBe(0);
    expect(stderr).toContain('device cpu, 2 threads');
    expect((await json(out, 'metrics.json')).threads).toBe(2);
    const model = (folder: string) => readFile(join(folder, 'model.safetensors'));
    expect((await model(out)).equals(await model(run))).toBe(true);
    const one = await captured(['eval', run, '--threads', '1', '--json']);
    const two = await captured(['eval', run, '--threads', '2', '--json']);
    expect(JSON.parse(two.stdout).figures).toEqual(JSON.parse(one.stdout).figures);
  });

  test('metrics: every reported loss, and the final figures', async () => {
    const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.loss !== undefined).map((line) => line.step)).toEqual([
      4, 8, 12, 16, 20, 24, 28, 32, 36, 40,
    ]);
    const { figures } = await json(run, 'metrics.json');
    expect(figures.uniformNll).toBeCloseTo(Math.log(4 * Math.PI), 10);
    // The net is hardly trained: close to the uniform density.
    expect(Math.abs(figures.testNll - figures.uniformNll)).toBeLessThan(0.5);
  });

  test('samples are points of the sphere, the same in both files', async () => {
    const { data, shape } = readNpy(new Uint8Array(await readFile(join(run, 'samples.npy'))));
    const rows = (await readFile(join(run, 'samples.csv'), 'utf8')).trimEnd().split('\n');
    expect(shape).toEqual([1000, 3]);
    expect(rows).toHaveLength(1001);
    for (const i of [0, 499, 999]) {
      const [x, y, z] = [0, 1, 2].map((k) => Number(data[3 * i + k]));
      expect(Math.hypot(x, y, z)).toBeCloseTo(1, 5);
      const [latitude] = rows[i + 1].split(',').map(Number);
      expect(Math.sin((latitude * Math.PI) / 180)).toBeCloseTo(z, 5);
    }
  });

  test('does not overwrite a run', async () => {
    const { code, stderr } = await captured(['train', 'earth', '--out', run, ...tiny]);
    expect(stderr).toContain('holds a run');
    expect(code).toBe(2);
  });

  test('--json prints one object, and nothing else, on standard output', async () => {
    const out = join(home, 'json');
    const { code, stdout } = await captured(['train', 'earth', '--out', out, '--json', ...tiny, '--steps', '4']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      recipe: 'earth',
      folder: out,
      figures: { testNll: expect.any(Number) },
    });
  });

  test('a loss that is not finite ends the run with exit code 1, its step and a remedy', async () => {
    const out = join(home, 'diverged');
    const { code, stderr } = await captured(['train', 'earth', '--out', out, ...tiny, '--set', 'learningRate=1e30']);
    expect(stderr).toMatch(/NonFiniteLossError: .* at step \d+\. Lower the learning rate/);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(1);
  });

  test('a file of events', async () => {
    const file = join(home, 'events.csv');
    const rows = Array.from({ length: 30 }, (_, i) => `event ${i},${10 + i / 10},${20 - i / 10}`);
    await writeFile(file, `name,lat,lng\n${rows.join('\n')}\n`);
    const out = join(home, 'file');
    expect((await captured(['train', 'earth', '--out', out, '--data', file, ...tiny, '--steps', '4'])).code).toBe(0);
    expect(await json(out, 'config.json')).toMatchObject({
      data: { name: 'events.csv', rows: 30 },
      split: { train: 24 },
    });
  });
});

describe('a table as people have them', () => {
  test('is read as the call says, and the run remembers how', async () => {
    const file = join(home, 'odd.txt');
    const rows = Array.from({ length: 30 }, (_, i) => `${i};${20 - i / 10};${10 + i / 10}`.replaceAll('.', ','));
    await writeFile(file, `nr;x;y\n${rows.join('\n')}\n31;;\n`);
    const out = join(home, 'odd');
    const call = ['train', 'earth', '--out', out, '--data', file, ...tiny, '--steps', '4'];
    expect((await captured(call)).stderr).toContain('--columns lat,lon');
    const named = await captured([...call, '--columns', 'y,x']);
    expect(named.stderr).toContain(`${file}:32:3: expected decimal degrees in column "y", given ""`);
    expect(named.stderr.length).toBeLessThanOrEqual(401);
    const done = await captured([...call, '--columns', 'y,x', '--skip-bad']);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('skipped 1 of 31 rows');
    expect(await json(out, 'config.json')).toMatchObject({ data: { columns: ['y', 'x'], skipBad: true, rows: 30 } });
    const again = await captured(['eval', out, '--data', file, '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout).figures).toEqual((await json(out, 'metrics.json')).figures);
  });

  test('with two rows is refused in words of the data', async () => {
    const file = join(home, 'two.csv');
    await writeFile(file, 'lat,lon\n1,2\n3,4\n');
    const { code, stderr } = await captured(['train', 'earth', '--data', file, '--out', join(home, 'two'), ...tiny]);
    expect(stderr).toContain('two.csv: expected at least 8 events');
    expect(stderr).toContain('given 2; use a file with more');
    expect(code).toBe(2);
  });

  test('with eight rows gives pictures', async () => {
    const file = join(home, 'eight.csv');
    await writeFile(file, `lat,lon\n${'1,2\n'.repeat(8)}`);
    const out = join(home, 'eight');
    const { code, stderr } = await captured(['train', 'earth', '--data', file, '--out', out, ...tiny, '--steps', '4']);
    expect(code, stderr).toBe(0);
    expect(await readdir(out)).toEqual(expect.arrayContaining(['map.png', 'loss.png']));
  });
});

describe('a stopped run', () => {
  test('goes on bit for bit', async () => {
    const out = join(home, 'stopped');
    const call = ['train', 'earth', '--out', out, '--seed', '3', ...tiny];
    const stopped = await captured(call, {
      isTTY: true,
      onStderr: (text, interrupt) => {
        if (text.includes('training')) interrupt();
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(`flowfield train earth --out ${out} --resume`);
    const { step } = await json(out, 'checkpoint.json');
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(40);

    const resumed = await captured(['train', 'earth', '--out', out, '--resume']);
    expect(resumed.code).toBe(0);
    for (const file of ['model.safetensors', 'samples.csv']) {
      expect(await readFile(join(out, file)), file).toEqual(await readFile(join(run, file)));
    }
    const { figures } = await json(out, 'metrics.json');
    expect(figures).toEqual((await json(run, 'metrics.json')).figures);
  });

  test('keeps the time that it trained, when it is resumed after its end', async () => {
    const out = join(home, 'resumed-twice');
    await cp(run, out, { recursive: true });
    const metrics = await json(out, 'metrics.json');
    await writeFile(join(out, 'metrics.json'), JSON.stringify({ ...metrics, seconds: { training: 1234, rest: 1 } }));
    expect((await captured(['train', 'earth', '--out', out, '--resume'])).code).toBe(0);
    expect((await json(out, 'metrics.json')).seconds.training).toBeGreaterThanOrEqual(1234);
  });

  test('adds the time before the stop, as its log has it', async () => {
    const out = join(home, 'resumed-after-stop');
    await cp(run, out, { recursive: true });
    await rm(join(out, 'metrics.json'));
    // Without its manifest nothing tells that the log was changed.
    await rm(join(out, 'manifest.json'));
    const log = await readFile(join(out, 'metrics.jsonl'), 'utf8');
    await writeFile(join(out, 'metrics.jsonl'), log.replaceAll(/"stepsPerSecond":[^,}]+/g, '"stepsPerSecond":0.5'));
    expect((await captured(['train', 'earth', '--out', out, '--resume'])).code).toBe(0);
    expect((await json(out, 'metrics.json')).seconds.training).toBeGreaterThanOrEqual(80);
  });

  test('does not take settings that the recipe lacks', async () => {
    const out = join(home, 'misspelt');
    await cp(run, out, { recursive: true });
    // Without its manifest nothing tells that the file was changed.
    await rm(join(out, 'manifest.json'));
    const config = await json(out, 'config.json');
    const settings = { ...config.settings, widht: 9 };
    await writeFile(join(out, 'config.json'), JSON.stringify({ ...config, settings }));
    for (const call of [
      ['train', 'earth', '--out', out, '--resume'],
      ['sample', out],
    ]) {
      const { code, stderr } = await captured(call);
      expect(stderr).toContain("config.json: unknown setting 'widht'; did you mean 'width'?");
      expect(code).toBe(2);
    }
  });

  test('is made longer by --steps beyond its end', async () => {
    const out = join(home, 'longer');
    await cp(run, out, { recursive: true });
    const { code, stderr } = await captured(['train', 'earth', '--out', out, '--resume', '--steps', '60']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('resumed at step 40');
    expect(await json(out, 'config.json')).toMatchObject({ settings: { steps: 60 } });
    expect(await json(out, 'checkpoint.json')).toMatchObject({ step: 60 });
  });

  test('holds its data: --data may name a file with the same, not with others', async () => {
    const out = join(home, 'moved');
    const file = join(home, 'moved.csv');
    const rows = Array.from({ length: 30 }, (_, i) => `${10 + i / 10},${20 - i / 10}`);
    await writeFile(file, `lat,lng\n${rows.join('\n')}\n`);
    await captured(['train', 'earth', '--out', out, '--data', file, ...tiny]);
    const { figures } = await json(out, 'metrics.json');
    await rm(file);
    const evaluated = await captured(['eval', out, '--json']);
    expect(JSON.parse(evaluated.stdout).figures).toEqual(figures);
    expect((await captured(['train', 'earth', '--out', out, '--resume'])).code).toBe(0);

    const same = join(home, 'same.csv');
    await writeFile(same, `lng,lat\n${rows.map((row) => row.split(',').reverse().join(',')).join('\n')}\n`);
    expect((await captured(['eval', out, '--data', same])).code).toBe(0);
    await writeFile(same, `lat,lng\n${rows.slice(1).join('\n')}\n`);
    for (const call of [
      ['eval', out],
      ['train', 'earth', '--out', out, '--resume'],
    ]) {
      const { code, stderr } = await captured([...call, '--data', same]);
      expect(stderr).toContain('holds other data');
      expect(code).toBe(2);
    }
  });

  test('is for one process at a time; the lock of one that is gone does not hold', async () => {
    const out = join(home, 'locked');
    await cp(run, out, { recursive: true });
    const release = await lockRun(out);
    const locked = await captured(['train', 'earth', '--out', out, '--resume']);
    expect(locked.stderr).toContain(`is in use by process ${process.pid}`);
    expect(locked.code).toBe(2);
    release();
    expect((await captured(['train', 'earth', '--out', out, '--resume'])).code).toBe(0);
    // No process has this number: it is above the highest that Linux gives.
    await writeFile(join(out, 'run.lock'), JSON.stringify({ pid: 2 ** 23, host: hostname(), began: null }));
    expect((await captured(['train', 'earth', '--out', out, '--resume'])).code).toBe(0);
    expect(await readdir(out)).not.toContain('run.lock');
  });

  test('does not take other settings, seeds or data on its way', async () => {
    for (const [option, message] of [
      [['--set', 'width=9'], 'setting width was 8, given 9'],
      [['--steps', '39'], 'setting steps was 40, given 39'],
      [['--device', 'reference'], '--device was cpu, given reference'],
      [['--seed', '4'], '--seed was 3, given 4'],
    ] as const) {
      const { code, stderr } = await captured(['train', 'earth', '--out', run, '--resume', ...option]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });

  test('names a damaged file, with exit code 2', async () => {
    for (const [file, text, message] of [
      ['metrics.jsonl', 'junk\n', 'metrics.jsonl is not as the run wrote it'],
      ['checkpoint.json', '{', 'expected JSON in checkpoint.json'],
    ] as const) {
      const out = join(home, `damaged-${file}`);
      await cp(run, out, { recursive: true });
      await writeFile(join(out, file), text);
      const { code, stderr } = await captured(['train', 'earth', '--out', out, '--resume']);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('    at ');
      expect(code).toBe(2);
    }
  });

  test('is needed for --resume', async () => {
    const { code, stderr } = await captured(['train', 'earth', '--out', join(home, 'none'), '--resume']);
    expect(stderr).toContain('is no run');
    expect(code).toBe(2);
  });

  test('Ctrl-C: exit code 130, a checkpoint, and how to go on', { timeout: 30_000 }, async () => {
    const out = join(home, 'signal');
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const many = [...tiny, '--steps', '1000000'];
    const child = spawn(process.execPath, [
      '--conditions=@flowfield/source',
      main,
      'train',
      'earth',
      '--out',
      out,
      ...many,
    ]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const ended = once(child, 'exit');
    const trains = () => existsSync(join(out, 'metrics.jsonl'));
    while (!trains() && child.exitCode === null) await new Promise((resume) => setTimeout(resume, 50));
    child.kill('SIGINT');
    const [code] = await ended;
    expect(stderr).toContain(`Stopped. Go on with: flowfield train earth --out ${out} --resume`);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(130);
    expect(await readdir(out)).toEqual(expect.arrayContaining(['checkpoint.json', 'config.json', 'model.safetensors']));
  });
});

describe('eval and sample', () => {
  test('eval finds the figures of the run', async () => {
    const { code, stdout } = await captured(['eval', run, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).figures).toEqual((await json(run, 'metrics.json')).figures);
  });

  test('eval --steps takes more steps of the solver', async () => {
    const { figures } = JSON.parse((await captured(['eval', run, '--json', '--steps', '8'])).stdout);
    expect(figures.odeSteps).toBe(8);
    expect(figures.testNll).toBeCloseTo((await json(run, 'metrics.json')).figures.testNllDoubledSteps, 6);
  });

  test('sample draws what the run drew, for its seed; other seeds draw others', async () => {
    const out = join(home, 'drawn');
    const draw = async (name: string, ...more: string[]) => {
      expect((await captured(['sample', run, '--out', out, ...more])).code).toBe(0);
      return readFile(join(out, name), 'utf8');
    };
    const first = await draw('samples-3-1000.csv', '--count', '1000');
    expect(first).toBe(await readFile(join(run, 'samples.csv'), 'utf8'));
    expect(await draw('samples-4-1000.csv', '--count', '1000', '--seed', '4')).not.toBe(first);
    expect((await draw('samples-3-7.csv', '--count', '7')).trimEnd().split('\n')).toHaveLength(8);
    const finer = await draw('samples-3-1000-steps8.csv', '--count', '1000', '--steps', '8');
    expect(finer).not.toBe(first);
    expect(await readFile(join(out, 'samples-3-1000.csv'), 'utf8')).toBe(first);
  });

  test('sample leaves the samples of the run as they are', async () => {
    const own = await readFile(join(run, 'samples.csv'), 'utf8');
    const { code, stdout } = await captured(['sample', run, '--count', '5', '--seed', '9', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).files.csv).toBe(join(run, 'samples-9-5.csv'));
    expect(await readFile(join(run, 'samples.csv'), 'utf8')).toBe(own);
    await rm(join(run, 'samples-9-5.csv'));
    await rm(join(run, 'samples-9-5.npy'));
  });

  test('a model and its configuration sample alone, from any folder', async () => {
    const out = join(home, 'alone');
    await mkdir(out);
    for (const file of ['config.json', 'model.safetensors']) await cp(join(run, file), join(out, file));
    const { code, stderr } = await captured(['sample', out, '--count', '1000']);
    expect(code, stderr).toBe(0);
    expect(await readFile(join(out, 'samples-3-1000.csv'), 'utf8')).toBe(
      await readFile(join(run, 'samples.csv'), 'utf8'),
    );
  });

  test('a model of other settings is a named error', async () => {
    const out = join(home, 'mixed');
    await mkdir(out);
    await cp(join(run, 'model.safetensors'), join(out, 'model.safetensors'));
    const config = await json(run, 'config.json');
    await writeFile(
      join(out, 'config.json'),
      JSON.stringify({ ...config, settings: { ...config.settings, width: 16 } }),
    );
    const { code, stderr } = await captured(['sample', out]);
    expect(stderr).toContain('model.safetensors cannot be used');
    expect(code).toBe(2);
  });

  test.each(['config.json', 'data.npy', 'model.safetensors', 'manifest.json'])(
    '%s, cut short or with one byte changed, is a named error',
    async (file) => {
      const bytes = await readFile(join(run, file));
      const changed = Uint8Array.from(bytes);
      // In the manifest, a hash that is looked at.
      changed[file === 'manifest.json' ? bytes.indexOf('"config.json"') + 25 : Math.floor(bytes.length / 2)] ^= 1;
      for (const [kind, content] of [
        ['short', bytes.subarray(0, bytes.length / 2)],
        ['changed', changed],
        ['empty', ''],
        ['null', 'null'],
      ] as const) {
        const out = join(home, `damaged-${file}-${kind}`);
        await cp(run, out, { recursive: true });
        await writeFile(join(out, file), content);
        const { code, stderr } = await captured(['eval', out]);
        expect(stderr, kind).toContain(file);
        expect(stderr, kind).toMatch(/restore .* train/);
        expect(stderr, kind).not.toContain('    at ');
        expect(code, kind).toBe(2);
      }
    },
  );
});
