import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shell } from '../proof/program.ts';
import { captured } from './testing/captured.ts';

describe('a fault of the call ends with exit code 2 and one line that helps', () => {
  test.each([
    ['trian earth', "unknown command 'trian'; did you mean 'train'?"],
    ['help trian', "unknown command 'trian'; did you mean 'train'?"],
    ['train earth --steps 0x10', "--steps expects a whole number of at least 1, given '0x10'"],
    ['train earth --set width=0x10', "setting width expects a whole number of at least 1, given '0x10'"],
    ['train erth', "unknown recipe 'erth'; expected one of earth, checkerboard, points; did you mean 'earth'?"],
    ['zzzzzz earth', "unknown command 'zzzzzz'\n"],
    ['train earth --stpes 3', "unknown option '--stpes'; did you mean '--steps'?"],
    ['train earth --stpes=3', "unknown option '--stpes=3'; did you mean '--steps'?"],
    ['train earth --set widht=3', "unknown setting 'widht'; did you mean 'width'?"],
    ['train earth --set width=wide', "setting width expects a whole number of at least 1, given 'wide'"],
    ['train earth --set width=', "setting width expects a whole number of at least 1, given ''"],
    ['train earth --set keep=bst', "setting keep expects one of last, best, given 'bst'"],
    ['train earth --set width', "--set expects key=value, given 'width'"],
    ['train earth --set preset=lon', "given 'lon'; did you mean 'long'?"],
    ['train earth --steps 1.5', "--steps expects a whole number of at least 1, given '1.5'"],
    ['train earth --seed -1', "--seed expects a whole number from 0 to 4294967295, given '-1'"],
    ['train earth --threads 0', "--threads expects a whole number from 1 to 64, given '0'"],
    ['sample nowhere --threads two', "--threads expects a whole number from 1 to 64, given 'two'"],
    ['train earth --device cpuu', "given 'cpuu'; did you mean 'cpu'?"],
    ['train earth --data vulcano', "there is no 'vulcano'; did you mean 'volcano'?"],
    ['train earth --out=', '--out expects the path of a folder, given an empty one'],
    ['train earth --columns lat', '--columns expects the column of latitudes, a comma and that of longitudes'],
    ['train earth --columns lat,lon', "--columns is for a file, given with the data set 'embedded'"],
    ['train', "missing required argument 'recipe'"],
    ['train earth mars', "too many arguments for 'train'"],
    ['sample nowhere', "'nowhere' is no run"],
    ['sample nowhere --count 0', "--count expects a whole number of at least 1, given '0'"],
    ['eval nowhere --jsn', "unknown option '--jsn'; did you mean '--json'?"],
  ])('flowfield %s', async (call, message) => {
    const { code, stdout, stderr } = await captured(call.split(' '));
    expect(stderr).toContain(message);
    expect(stderr.startsWith('flowfield: ')).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('a malformed file: its name, line and column', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'flowfield-')), 'bad.csv');
    await writeFile(file, 'lat,lon\n10,20\n95,15\n');
    const { code, stderr } = await captured(['train', 'earth', '--data', file]);
    expect(stderr).toContain(`${file}:3:1: expected a latitude`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

describe('help and lists', () => {
  test.each([
    '--help',
    'train --help',
    'sample --help',
    'eval --help',
    'list --help',
    'reproduce --help',
    'export --help',
    'import --help',
    'doctor --help',
  ])('flowfield %s', async (call) => {
    const { code, stdout, stderr } = await captured(call.split(' '));
    expect(stdout).toContain('Usage: flowfield');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('help on train shows the settings of recipes', async () => {
    const { stdout } = await captured(['train', '--help']);
    expect(stdout).toMatch(/learningRate +0\.\d+ /);
  });

  test('without arguments: help', async () => {
    expect((await captured([])).stdout).toContain('Usage: flowfield');
  });

  test('the version', async () => {
    expect((await captured(['--version'])).stdout).toBe('1.2.3\n');
  });

  test('doctor: every finding, and all right on a machine that runs the tests', async () => {
    const { code, stdout } = await captured(['doctor', '--json']);
    expect(code).toBe(0);
    const { findings } = JSON.parse(stdout);
    const byName = Object.fromEntries(findings.map((one: { name: string }) => [one.name, one]));
    expect(byName.devices.found).toContain('cpu');
    for (const name of ['Node', 'products', 'derivatives']) expect(byName[name]).toMatchObject({ ok: true });
    expect((await captured(['doctor'])).stdout).toMatch(/ok {2}products +right to/);
  });

  test('list --json is one object with recipes, settings and devices', async () => {
    const { stdout } = await captured(['list', '--json']);
    const { recipes, devices } = JSON.parse(stdout);
    expect(recipes[0]).toMatchObject({ name: 'earth', data: { fallback: 'embedded' } });
    expect(recipes[0].settings).toContainEqual(expect.objectContaining({ name: 'duplicates', fallback: 'keep' }));
    expect(devices).toContain('cpu');
  });
});

test('a variable that is no number of threads ends what computes with one line, and nothing else', async () => {
  const [list, ...others] = await Promise.all(
    ['list', 'doctor', 'train checkerboard --steps 1'].map((args) => shell(`FLOWFIELD_THREADS=two flowfield ${args}`)),
  );
  // Nothing computes while it is loaded.
  expect([list.code, list.stderr]).toEqual([0, '']);
  const line = /^flowfield: FLOWFIELD_THREADS: expected a whole number of threads from 1 to 64, got 'two'\..*\n$/;
  for (const { code, stderr } of others) {
    expect(stderr).toMatch(line);
    expect(code).toBe(2);
  }
});
