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

  test('neither a name nor a file; a folder', async () => {
    await expect(loadEvents('earthquak', { duplicates: 'keep' }, files)).rejects.toThrow("did you mean 'earthquake'?");
    await expect(loadEvents(join(file, '..'), { duplicates: 'keep' }, files)).rejects.toThrow(
      'operation on a directory',
    );
  });
});
