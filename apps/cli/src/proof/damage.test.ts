import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@flowfield/recipes';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Captured, captured, tiny } from '../command/testing/captured.ts';

const settings = [...tiny, '--set', 'keep=best', '--set', 'validations=5', '--set', 'average=0.9'];
/** Files that nobody reads again: a person looks at them. */
const SHOWN = /\.(png|svg)$|^samples\./;
/** JSON that is valid and says nothing true. */
const NONSENSE = ['null', '{}', '[]', '7', '"run"', '{"version":1,"step":3,"files":{}}'];

let home: string;
let folders: Record<'finished' | 'stopped', string>;
/** What the commands give where nothing is damaged. */
let right: { figures: unknown; samples: string; end: Record<'finished' | 'stopped', Record<string, string>> };

const bytesOf = async (folder: string, names: readonly string[]): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await sha256(await readFile(join(folder, name)))] as const)),
  );
const ENDS = ['model.safetensors', 'samples.csv', 'map.svg', 'loss.svg'];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-damage-'));
  folders = { finished: join(home, 'finished'), stopped: join(home, 'stopped') };
  const data = join(home, 'events.csv');
  await writeFile(data, `lat,lon\n${Array.from({ length: 40 }, (_, i) => `${i},${3 * i}`).join('\n')}\n`);
  const train = ['train', 'earth', '--data', data, ...settings];
  expect((await captured([...train, '--out', folders.finished])).code).toBe(0);
  let seen = 0;
  const stopped = await captured([...train, '--out', folders.stopped, '--checkpoint-every', '4'], {
    isTTY: true,
    // Late enough that there is a best model.
    onStderr: (text, interrupt) => {
      if (text.includes('training') && ++seen > 1) interrupt();
    },
  });
  expect(stopped.code).toBe(130);
  const evaluated = await captured(['eval', folders.finished, '--json']);
  await captured(['sample', folders.finished, '--count', '9', '--out', join(home, 'right')]);
  const end = await bytesOf(folders.finished, ENDS);
  right = {
    figures: JSON.parse(evaluated.stdout).figures,
    samples: await readFile(join(home, 'right', 'samples-0-9.csv'), 'utf8'),
    end: { finished: end, stopped: end },
  };
}, 60_000);

let copies = 0;
const copied = async (kind: 'finished' | 'stopped'): Promise<string> => {
  const folder = join(home, `copy-${copies++}`);
  await cp(folders[kind], folder, { recursive: true });
  return folder;
};

/** A named error with the file and what to do; or else the command has done its work. */
function expectNamed({ code, stderr, stdout }: Captured, file: string, told: string): void {
  expect(stderr, told).not.toContain('    at ');
  expect(code, `${told}: ${stderr}`).toBe(2);
  const message = stderr.trimEnd().split('\n').at(-1) as string;
  expect(message, told).toContain(file);
  expect(message, told).toMatch(/restore|train|delete|remove|begin|leave|take it out/i);
  expect(message.length, told).toBeLessThanOrEqual(400);
  expect(stdout, told).toBe('');
}

async function expectRightOrNamed(
  kind: 'finished' | 'stopped',
  file: string,
  content: Uint8Array | string,
): Promise<void> {
  const told = `${kind} ${file} = ${content.length} bytes`;
  const damaged = await copied(kind);
  await writeFile(join(damaged, file), content);
  // A run that was stopped has a model of its own: only its end is compared.
  if (kind === 'finished') {
    const evaluated = await captured(['eval', damaged, '--json']);
    if (evaluated.code === 0) expect(JSON.parse(evaluated.stdout).figures, told).toEqual(right.figures);
    else expectNamed(evaluated, file, `eval ${told}`);
    const drawn = await captured(['sample', damaged, '--count', '9', '--json']);
    if (drawn.code === 0) expect(await readFile(join(damaged, 'samples-0-9.csv'), 'utf8'), told).toBe(right.samples);
    else expectNamed(drawn, file, `sample ${told}`);
  }
  const resumed = await captured(['train', 'earth', '--out', damaged, '--resume', '--json']);
  if (resumed.code === 0) expect(await bytesOf(damaged, ENDS), told).toEqual(right.end[kind]);
  else expectNamed(resumed, file, `resume ${told}`);
}

describe.each(['finished', 'stopped'] as const)('a %s run', (kind) => {
  test('every file cut short, emptied, or with a byte changed: a named error, or the right bytes', async () => {
    const names = (await readdir(folders[kind])).filter((name) => !SHOWN.test(name));
    expect(names).toEqual(expect.arrayContaining(['config.json', 'data.npy', 'model.safetensors', 'checkpoint.json']));
    for (const name of names) {
      const bytes = await readFile(join(folders[kind], name));
      const changed = Uint8Array.from(bytes);
      changed[Math.floor((bytes.length * 2) / 3)] ^= 1;
      await expectRightOrNamed(kind, name, bytes.subarray(0, bytes.length / 2));
      await expectRightOrNamed(kind, name, changed);
    }
  }, 120_000);

  test('every JSON file replaced by valid nonsense: a named error, or the right bytes', async () => {
    const names = (await readdir(folders[kind])).filter((name) => /\.jsonl?$/.test(name));
    for (const [i, name] of names.entries()) {
      // Each file meets half of them; another half in the other kind of run.
      const half = NONSENSE.filter((_, k) => (k + i + (kind === 'finished' ? 0 : 1)) % 2 === 0);
      for (const nonsense of half) await expectRightOrNamed(kind, name, nonsense);
    }
  }, 120_000);

  test('pictures and samples that are damaged or gone hinder nothing, and are made again', async () => {
    const damaged = await copied(kind);
    for (const name of (await readdir(damaged)).filter((one) => SHOWN.test(one)))
      await writeFile(join(damaged, name), '');
    const resumed = await captured(['train', 'earth', '--out', damaged, '--resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await bytesOf(damaged, ENDS)).toEqual(right.end[kind]);
  });
});
