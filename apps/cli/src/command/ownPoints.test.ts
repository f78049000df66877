import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { captured } from './testing/captured.ts';

let home: string;
const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'));
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-'));
});

describe("a person's own points", () => {
  /** As numpy.save writes float64 rows. */
  function npy(rows: readonly (readonly number[])[]): Uint8Array {
    const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0].length}), }`;
    const words = new TextEncoder().encode(`${header.padEnd(117)}\n`);
    const values = new Uint8Array(Float64Array.from(rows.flat()).buffer);
    return Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, 118, 0, ...words, ...values);
  }
  const table = Array.from({ length: 60 }, (_, i) => [Math.sin(i), 1e6, Math.cos(2 * i), i % 2, Math.sin(3 * i)]);
  const small = ['width=16', 'depth=1', 'validations=1', 'odeSteps=4'].flatMap((word) => ['--set', word]);

  test('a NumPy file from training to samples: some of its columns, a label, rows that are left out', async () => {
    const file = join(home, 'mine.npy');
    await writeFile(file, npy([...table, [1, 2, Number.NaN, 0, 1]]));
    const out = join(home, 'npy');
    const call = ['train', 'points', '--out', out, '--data', file, ...small, '--steps', '4', '--set', 'label=3'];
    expect((await captured([...call, '--columns', '1,3,5'])).stderr).toContain('given NaN in row 60, column 2');
    const done = await captured([...call, '--columns', '1,3,5', '--skip-bad']);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('skipped 1 of 61 rows');
    expect(await json(out, 'config.json')).toMatchObject({
      data: { columns: ['1', '3', '5'], skipBad: true, rows: 60, names: ['x1', 'x3', 'x5'], classes: ['0', '1'] },
    });
    const drawn = await captured(['sample', out, '--count', '7', '--json']);
    expect(drawn.code, drawn.stderr).toBe(0);
    expect((await readdir(out)).filter((name) => name.startsWith('samples-'))).not.toEqual([]);
    const again = await captured(['eval', out, '--json']);
    expect(JSON.parse(again.stdout).figures).toEqual((await json(out, 'metrics.json')).figures);
  });

  test('columns of a text file, in their order', async () => {
    const file = join(home, 'mine.csv');
    await writeFile(file, `a,b,c,kind,e\n${table.map((row) => row.join(',')).join('\n')}\nbad,1,2,3,4\n`);
    const out = join(home, 'csv');
    const call = ['train', 'points', '--out', out, '--data', file, ...small, '--steps', '4', '--columns', 'e,a'];
    const done = await captured([...call, '--skip-bad']);
    expect(done.code, done.stderr).toBe(0);
    expect(await json(out, 'config.json')).toMatchObject({
      data: { columns: ['e', 'a'], rows: 60, names: ['e', 'a'] },
    });
  });
});
