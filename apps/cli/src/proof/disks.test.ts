import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captured, tiny } from '../command/testing/captured.ts';

let home: string;
/** A run to go by. */
let whole: string;
const mounted: string[] = [];
const train = ['train', 'earth', '--seed', '2', ...tiny];

/** Mounts a disk of its own; `null` where this process may not. */
async function disk(name: string, options: string): Promise<string | null> {
  const folder = join(home, name);
  await mkdir(folder);
  if (process.getuid?.() !== 0 || spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0) {
    return null;
  }
  mounted.push(folder);
  return folder;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-disks-'));
  whole = join(home, 'whole');
  expect((await captured([...train, '--out', whole])).code).toBe(0);
}, 60_000);

afterAll(() => {
  for (const folder of mounted) spawnSync('umount', [folder]);
});

describe('a full disk', () => {
  // From none of its files to all but the last pictures.
  test.for([16, 96, 200])(
    'of %d KiB: file, reason, remedy; then the run goes on to the same bytes',
    { timeout: 60_000 },
    async (size, context) => {
      const folder = await disk(`full-${size}`, `size=${size}k`);
      if (folder === null) return context.skip('needs root, to mount a small disk');
      const out = join(folder, 'run');
      const { code, stderr, stdout } = await captured([...train, '--out', out]);
      expect(stderr).toMatch(
        /flowfield: cannot write '.*': the disk is full: free space, or choose a folder on another disk \(ENOSPC\)\n$/,
      );
      expect(stderr).not.toContain('    at ');
      expect(stderr).not.toContain('Go on with');
      expect(stdout).toBe('');
      expect(code).toBe(1);
      expect(spawnSync('mount', ['-o', 'remount,size=20m', folder]).status).toBe(0);
      const call = existsSync(join(out, 'config.json')) ? ['train', 'earth', '--resume'] : train;
      const again = await captured([...call, '--out', out]);
      expect(again.code, again.stderr).toBe(0);
      for (const name of ['model.safetensors', 'samples.csv', 'map.svg']) {
        expect((await readFile(join(out, name))).equals(await readFile(join(whole, name))), name).toBe(true);
      }
      expect((await readdir(out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );

  test('sample says so and leaves no half file', async (context) => {
    const folder = await disk('full-samples', 'size=64k');
    if (folder === null) return context.skip('needs root, to mount a small disk');
    const { code, stderr } = await captured(['sample', whole, '--count', '5000', '--out', folder]);
    expect(stderr).toContain('the disk is full');
    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a folder that cannot be written to', () => {
  test.each(['train', 'sample'])('%s fails before its work', async (command) => {
    const readOnly = async (): Promise<string> => {
      const folder = await disk(`read-only-${command}`, 'ro');
      if (folder !== null) return folder;
      const plain = join(home, `read-only-${command}`);
      await chmod(plain, 0o555);
      return plain;
    };
    const out = join(await readOnly(), 'out');
    const call = command === 'train' ? train : ['sample', whole, '--count', '100000000'];
    const start = performance.now();
    const { code, stderr } = await captured([...call, '--out', out]);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(stderr).toMatch(
      /cannot write '.*': (it is on a disk that cannot be written to|you have no permission).*\n$/,
    );
    expect(stderr).not.toContain('training');
    expect(code).toBe(1);
  });

  test('a file where the folder should be', async () => {
    const file = join(home, 'file');
    await writeFile(file, '');
    const { code, stderr } = await captured(['sample', whole, '--out', join(file, 'out')]);
    expect(stderr).toMatch(/a part of the path is a file: choose another path/);
    expect(code).toBe(1);
    await rm(file);
  });
});
