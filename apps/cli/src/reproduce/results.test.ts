import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measuredIn, paperNamed, partNamed } from '@flowfield/recipes';
import { hasData, noDataReason } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import { captured } from '../command/testing/captured.ts';
import { readResults } from './resultFiles.ts';
import { resultsPage } from './table.ts';
import { resultName } from './unit.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const results = await readResults(join(root, 'results'));

/** Quick results that are made again in one run of the tests. */
const REMADE = 2;
/** How far a figure may lie from the mean, in standard deviations over the seeds. */
const SPREADS = 3;
/** Engines round differently: a figure that is the same for all seeds may move by this share. */
const ROUNDING = 5e-3;
/** Milliseconds that one quick part may take on a busy machine. */
const PATIENCE = 240_000;

test('RESULTS.md is what the files in results come to', async () => {
  expect(await readFile(join(root, 'RESULTS.md'), 'utf8')).toBe(resultsPage(results));
});

describe.each(results)('results of $paper $part ($effort)', ({ paper, part, effort, metrics, baselines, pictures }) => {
  test('it has the metrics of its part, a command, and its pictures', async () => {
    const known = partNamed(paperNamed(paper), part);
    expect([...metrics, ...baselines].map(({ metric }) => metric).sort()).toEqual(
      measuredIn(known, effort)
        .map(({ name }) => name)
        .sort(),
    );
    for (const picture of pictures) {
      expect((await readFile(join(root, 'results', paper, picture))).length).toBeGreaterThan(1000);
    }
  });
});

describe('quick results, made again', () => {
  const quick = results.filter(({ effort }) => effort === 'quick');
  const day = Math.floor(Date.now() / 86_400_000);
  const chosen = Array.from(
    { length: Math.min(REMADE, quick.length) },
    (_, i) => quick[(REMADE * day + i) % quick.length],
  );

  test.for(chosen.map((result) => [`${result.paper} ${result.part}`, result] as const))(
    '%s lands where it was',
    { timeout: PATIENCE },
    async ([, stored], { skip }) => {
      const part = partNamed(paperNamed(stored.paper), stored.part);
      if (!(part.data ?? []).every((path) => hasData(...path.split('/')))) skip(noDataReason);
      const folder = await mkdtemp(join(tmpdir(), 'flowfield-remade-'));
      const where = ['--out', join(folder, 'results'), '--runs', join(folder, 'runs')];
      const { code, stderr } = await captured([
        'reproduce',
        stored.paper,
        '--part',
        stored.part,
        '--quick',
        '--seeds',
        `${stored.seeds[0]}`,
        ...where,
      ]);
      expect(code, stderr).toBe(0);
      const file = join(folder, 'results', stored.paper, `${resultName(part, 'quick')}.json`);
      const made = JSON.parse(await readFile(file, 'utf8'));
      for (const { metric, value, spread } of [...stored.metrics, ...stored.baselines]) {
        const again = [...made.metrics, ...made.baselines].find((figure) => figure.metric === metric).value;
        expect(Math.abs(again - value), metric).toBeLessThanOrEqual(SPREADS * spread + ROUNDING * Math.abs(value));
      }
    },
  );
});
