import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DataFiles } from '../files.ts';
import { eventSources, loadEvents } from './loadEvents.ts';

const files: DataFiles = {
  benchmark: (path) => readFile(dataPath(...path.split('/'))),
  named: (path) => readFile(path),
};

let file: string;
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'flowfield-')), 'events.csv');
  await writeFile(file, 'lat,lon\n0,0\n0,90\n0,0\n90,0\n');
});

describe('loadEvents', () => {
  test('the embedded events', async () => {
    const { name, points, sha256 } = await loadEvents('embedded', { duplicates: 'keep' }, files);
    expect(name).toBe('embedded');
    expect(points).toHaveLength(3 * 1707);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a file, with and without duplicates', async () => {
    const kept = await loadEvents(file, { duplicates: 'keep' }, files);
    const dropped = await loadEvents(file, { duplicates: 'drop' }, files);
    expect(kept.name).toBe('events.csv');
    expect(kept.points).toHaveLength(12);
    expect([...dropped.points].map((value) => Math.round(value))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(dropped.sha256).not.toBe(kept.sha256);
  });

  test('the hash is of the places, not of how the file writes them', async () => {
    const same = join(file, '..', 'same.csv');
    await writeFile(same, 'lng,lat\r\n0.0,0\r\n90,0\r\n0,0\r\n0,90');
    expect((await loadEvents(same, { duplicates: 'keep' }, files)).sha256).toBe(
      (await loadEvents(file, { duplicates: 'keep' }, files)).sha256,
    );
  });

  test.for(['volcano', 'earthquake', 'flood', 'fire'] as const)(
    '%s has the size that the help states',
    async (name, { skip }) => {
      if (!hasData('earth', `${name}.csv`)) skip(noDataReason);
      const { points } = await loadEvents(name, { duplicates: 'keep' }, files);
      expect(eventSources[name]).toContain((points.length / 3).toLocaleString('en'));
    },
  );

  test('bad rows are left out when asked for, counted, and the first of them shown', async () => {
    const bad = join(file, '..', 'bad.tsv');
    await writeFile(bad, 'y\tx\n1\t2\nnone\t3\n95\t4\n5\t6\n');
    const options = { duplicates: 'keep', columns: ['y', 'x'] } as const;
    await expect(loadEvents(bad, options, files)).rejects.toThrow(/bad.tsv:3:1: .*"none".* --skip-bad/);
    await expect(loadEvents(bad, { duplicates: 'keep' }, files)).rejects.toThrow(/--columns lat,lon/);
    const { points, notes } = await loadEvents(bad, { ...options, skipBad: true }, files);
    expect(points).toHaveLength(6);
    expect(notes[0]).toBe('skipped 2 of 4 rows, the first of them:');
    expect(notes.slice(1).join()).toMatch(/bad.tsv:3:1.*bad.tsv:4:1/);
    await expect(loadEvents('embedded', options, files)).rejects.toThrow(/--columns is for a file/);
  });

  test('neither a name nor a file; a folder', async () => {
    await expect(loadEvents('earthquak', { duplicates: 'keep' }, files)).rejects.toThrow("did you mean 'earthquake'?");
    await expect(loadEvents(join(file, '..'), { duplicates: 'keep' }, files)).rejects.toThrow(
      'operation on a directory',
    );
  });
});
