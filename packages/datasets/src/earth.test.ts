import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropDuplicates } from './dropDuplicates.ts';
import { earth } from './earth.ts';
import { ChecksumError, DataFileMissingError, DataFolderMissingError, UnknownDatasetError } from './earthError.ts';
import { type EarthName, earthNames } from './parseEarth.ts';

describe('earth on the published files', () => {
  it.for<[EarthName, number, number]>([
    ['volcano', 827, 267],
    ['earthquake', 6120, 5447],
    ['flood', 4875, 4861],
    ['fire', 12809, 12802],
  ])('reads %s with %i rows', async ([name, rows, distinct], { skip }) => {
    if (!hasData('earth', `${name}.csv`)) skip(noDataReason);
    const events = await earth(name, { folder: dataPath() });
    expect(events.latitude.length).toBe(rows);
    expect(events.points.every(Number.isFinite)).toBe(true);
    expect(dropDuplicates(events).latitude.length).toBe(distinct);
  });
});

describe('earth without the files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowfield-earth-'));
    await mkdir(join(folder, 'earth'));
    await writeFile(join(folder, 'earth', 'flood.csv'), 'LATITUDE,LONGITUDE\n1,2\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('names the nearest data set', async () => {
    const promise = earth('Earthquakes' as EarthName, { folder });
    await expect(promise).rejects.toBeInstanceOf(UnknownDatasetError);
    await expect(promise).rejects.toMatchObject({ nearest: 'earthquake' });
    await expect(earth('toString' as EarthName, { folder })).rejects.toBeInstanceOf(UnknownDatasetError);
  });

  it('tells a folder that is not set from one that does not exist', async () => {
    await expect(earth('fire', { folder: '' })).rejects.toThrow(DataFolderMissingError);
    await expect(earth('fire', { folder: '' })).rejects.toThrow(/FLOWFIELD_DATA, given none\..*data\.zip/);
    const absent = join(folder, 'absent');
    await expect(earth('fire', { folder: absent })).rejects.toThrow(DataFolderMissingError);
    await expect(earth('fire', { folder: absent })).rejects.toThrow(absent);
  });

  it('names a file that is missing', async () => {
    const promise = earth('fire', { folder });
    await expect(promise).rejects.toThrow(DataFileMissingError);
    await expect(promise).rejects.toThrow(join(folder, 'earth', 'fire.csv'));
  });

  it('refuses a file with other content', async () => {
    await expect(earth('flood', { folder })).rejects.toThrow(ChecksumError);
  });

  it('knows four names', () => {
    expect(earthNames).toEqual(['volcano', 'earthquake', 'flood', 'fire']);
  });
});
