import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { captured, tiny } from '../command/testing/captured.ts';
import { started } from './program.ts';

/** Kills; more of them by the environment. */
const KILLS = Number(process.env.FLOWFIELD_KILLS ?? 10);
/** Kills of one run, before it goes on to its end. */
const KILLS_A_RUN = 2;
const train = [
  'train',
  'earth',
  '--seed',
  '5',
  ...tiny,
  '--steps',
  '200',
  '--set',
  'keep=best',
  '--set',
  'validations=4',
];
const RESULTS = ['model.safetensors', 'samples.csv', 'samples.npy', 'map.svg', 'data.npy', 'config.json'];

/** Waits until the process that the lock names has ended: the kill of a group returns before its last process does. */
async function workerGone(folder: string): Promise<void> {
  const lock = join(folder, 'run.lock');
  if (!existsSync(lock)) return;
  const { pid } = JSON.parse(await readFile(lock, 'utf8').then((text) => text || '{"pid": 0}'));
  const state = (): string | undefined =>
    existsSync(`/proc/${pid}/stat`) ? /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] : undefined;
  for (let i = 0; i < 100 && ![undefined, 'Z', 'X'].includes(state()); i++) await delay(20);
}

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test(`runs killed ${KILLS} times at random moments end with the bytes of one that never was`, {
  timeout: 60_000 + 20_000 * KILLS,
}, async (context) => {
  if (process.platform !== 'linux') context.skip('reads the process table of Linux');
  const home = await mkdtemp(join(tmpdir(), 'flowfield-kills-'));
  const whole = join(home, 'whole');
  const start = performance.now();
  const { code, stderr } = await captured([...train, '--out', whole]);
  expect(code, stderr).toBe(0);
  const length = performance.now() - start;

  let killed = 0;
  for (let run = 0; killed < KILLS; run++) {
    const out = join(home, `run-${run}`);
    const moments: number[] = [];
    const resumed = (): string[] => (existsSync(join(out, 'config.json')) ? ['--resume'] : []);
    for (let i = 0; i < KILLS_A_RUN && killed < KILLS; i++, killed++) {
      const call = resumed().length > 0 ? ['train', 'earth', '--resume'] : train;
      const { child, ended } = started([...call, '--out', out, '--checkpoint-every', '12']);
      while (!existsSync(join(out, 'run.lock')) && child.exitCode === null) await delay(5);
      const moment = Math.random() * length;
      moments.push(moment);
      await delay(moment);
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {
        // It had ended.
      }
      await ended;
      await workerGone(out);
    }
    const told = `killed ${moments.map((moment) => `${moment.toFixed(0)} ms`).join(', ')} after it had its folder`;
    const call = resumed().length > 0 ? ['train', 'earth', '--resume'] : train;
    const last = await captured([...call, '--out', out]);
    expect(last.code, `${told}: ${last.stderr}`).toBe(0);
    for (const name of RESULTS) {
      const [made, expected] = await Promise.all([out, whole].map((folder) => readFile(join(folder, name), 'utf8')));
      if (name === 'config.json')
        expect({ ...JSON.parse(made), versions: 0 }).toEqual({ ...JSON.parse(expected), versions: 0 });
      else expect(made === expected, `${told}: ${name}`).toBe(true);
    }
    // Nothing is left of the kills.
    expect(
      (await readdir(out)).filter((name) => name.endsWith('.tmp') || name === 'run.lock'),
      told,
    ).toEqual([]);
    expect((await readdir(out)).toSorted(), told).toEqual((await readdir(whole)).toSorted());
  }
});
