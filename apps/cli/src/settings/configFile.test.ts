import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { captured, tiny } from '../command/testing/captured.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'flowfield-config-'));
});
const written = async (name: string, text: string): Promise<string> => {
  const file = join(home, name);
  await writeFile(file, text);
  return file;
};
const config = async (out: string) => JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
const settings = tiny.filter((_, i) => i % 2 === 1);

describe('train --config', () => {
  test('TOML, JSON and words on the command line say the same, in the same grammar', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${2 * i}`).join('\n');
    const data = await written('events.csv', `a,b\n${rows}\nx,y\n`);
    const toml = await written(
      'run.toml',
      `recipe = "earth"\nseed = 7\nsteps = 4\nskip-bad = true\n[data]\nsource = ${JSON.stringify(data)}\ncolumns = ["a", "b"]\n[settings]\n${settings.filter((one) => !one.startsWith('steps')).join('\n')}\nkeep = "best"\n`,
    );
    const first = join(home, 'first');
    const trained = await captured(['train', '--config', toml, '--out', first, '--quiet', '--json']);
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toBe('');
    expect(await config(first)).toMatchObject({
      recipe: 'earth',
      seed: 7,
      settings: { steps: 4, width: 8, keep: 'best' },
      data: { columns: ['a', 'b'], skipBad: true, rows: 20 },
    });
    expect(JSON.parse(trained.stdout)).toMatchObject({ recipe: 'earth', seed: 7 });

    // A run's own configuration trains it again, and the command line goes before it.
    const second = join(home, 'second');
    const again = await captured(['train', '--config', join(first, 'config.json'), '--out', second]);
    expect(again.code, again.stderr).toBe(0);
    expect(await config(second)).toEqual(await config(first));
    expect(await readFile(join(second, 'model.safetensors'))).toEqual(await readFile(join(first, 'model.safetensors')));
    const third = join(home, 'third');
    const call = ['train', '--config', join(first, 'config.json'), '--out', third, '--seed', '8', '--set', 'keep=last'];
    expect((await captured(call)).code).toBe(0);
    expect(await config(third)).toMatchObject({ seed: 8, settings: { keep: 'last', width: 8 } });
  });

  test.each([
    ['a.toml', 'seed = \n', /a\.toml:1: expected TOML/],
    ['b.json', '{"seed": 1', /b\.json: expected JSON/],
    ['c.json', 'null', /c\.json: expected an object .* given null/],
    ['d.toml', 'seeed = 1', /d\.toml: unknown key 'seeed'.*did you mean 'seed'/],
    ['e.toml', 'width = 8', /unknown key 'width'.*belongs into the table settings/],
    ['f.toml', '[settings]\nwidht = 8', /unknown setting 'widht'; did you mean 'width'/],
    ['g.toml', '[settings.net]\nwidth = 8', /unknown setting 'net.width'/],
    ['h.toml', '[settings]\nwidth = [8, 8]', /setting width expects a number, a text, true or false, given a list/],
    ['i.json', '{"seed": -1}', /i\.json: --seed expects a whole number .*given '-1'/],
    ['j.json', '{"quiet": "yes"}', /'quiet' expects true or false, given "yes"/],
    ['k.json', '{"data": {"sorce": "x"}}', /unknown key 'data.sorce'.*did you mean 'source'/],
    ['l.txt', '', /--config expects a file that ends in \.toml or \.json/],
    ['m.json', '{"recipe": "erth"}', /unknown recipe 'erth'.*did you mean 'earth'/],
  ])('%s with %j: one line that helps', async (name, text, message) => {
    const file = await written(name, text);
    const call = [
      'train',
      ...(text.includes('recipe') ? [] : ['earth']),
      '--config',
      file,
      '--out',
      join(home, 'none'),
    ];
    const { code, stderr, stdout } = await captured(call);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr.length).toBeLessThanOrEqual(401);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('a file that is not there', async () => {
    const { code, stderr } = await captured(['train', 'earth', '--config', join(home, 'nowhere.toml')]);
    expect(stderr).toMatch(/there is no .*nowhere\.toml'; check the path/);
    expect(code).toBe(2);
  });
});

test('a recipe that makes its own data takes no others', async () => {
  const { code, stderr } = await captured(['train', 'checkerboard', '--data', 'events.csv']);
  expect(stderr).toContain("checkerboard takes no data of your own: --data expects generated, given 'events.csv'");
  expect(code).toBe(2);
});
