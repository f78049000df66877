import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tiny } from '../command/testing/captured.ts';
import { shell } from './program.ts';

const LONG = { timeout: 60_000 };

test('a reader of the progress that leaves does not end the training', LONG, async (context) => {
  if (process.platform === 'win32') context.skip('needs bash');
  const out = join(await mkdtemp(join(tmpdir(), 'flowfield-streams-')), 'run');
  const { stdout } = await shell(
    `flowfield train earth --out ${out} ${tiny.join(' ')} 2>&1 | head -1; echo "\${PIPESTATUS[0]}"`,
  );
  expect(stdout).toMatch(/^data .*\n0\n$/);
  expect(existsSync(join(out, 'metrics.json'))).toBe(true);
});

test('a reader of the results that leaves ends the program without complaint', LONG, async (context) => {
  if (process.platform === 'win32') context.skip('needs bash');
  const { stdout, stderr } = await shell(`flowfield list | head -1; echo "\${PIPESTATUS[0]}"`);
  expect(stdout).toMatch(/^earth: .*\n0\n$/);
  expect(stderr).toBe('');
});

test('results that cannot be written: one line, not a stack', LONG, async (context) => {
  if (!existsSync('/dev/full')) context.skip('there is no /dev/full');
  const { code, stderr } = await shell('flowfield list > /dev/full');
  expect(stderr).toMatch(/^flowfield: cannot write.*the disk is full: free space.*\n$/);
  expect(code).toBe(1);
});
