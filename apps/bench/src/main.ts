import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Contender } from './contender.ts';
import { contenders, PLAIN, WIDE } from './contenders/contenders.ts';
import { measure } from './measure.ts';
import type { Missing } from './remote/remote.ts';
import type { Report, ReportRow } from './report/figures.ts';
import { publish } from './report/publish.ts';
import { rows } from './rows.ts';
import { coreShare, disturbance, heading, line } from './table.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repetitions: { type: 'string', default: '7' },
    block: { type: 'string', default: '80' },
    clock: { type: 'string', default: 'wall' },
    threads: { type: 'string', default: process.env['FLOWFIELD_THREADS'] || '1' },
    publish: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const { clock } = options;
if (clock !== 'wall' && clock !== 'cpu') throw new RangeError(`Expected --clock wall or cpu, got '${clock}'.`);
const timing = {
  blockMs: Number(options.block),
  repetitions: Number(options.repetitions),
  warmUpMs: 1200,
  mostMs: 1500,
  clock,
} as const;
if (!(timing.blockMs > 0) || !(Number.isInteger(timing.repetitions) && timing.repetitions > 0)) {
  throw new RangeError('Expected --block in milliseconds and a whole number of --repetitions, both above 0.');
}
const threads = Number(options.threads);
if (!(Number.isInteger(threads) && threads > 0)) {
  throw new RangeError(`Expected a whole number of --threads above 0, got '${options.threads}'.`);
}
const chosen = rows.filter((row) => row.name.includes(options.only));
if (chosen.length === 0)
  throw new RangeError(`No row contains '${options.only}'. Rows: ${rows.map((row) => row.name).join('; ')}.`);
if (options.publish && options.only) throw new RangeError('Expected all rows to publish. Leave --only out.');

const began = performance.now();
const entrants = await contenders({ threads, javascript: threads === 1 });
const missing = entrants.filter((each): each is Missing => 'missing' in each);
const present = entrants.filter((each): each is Contender => !('missing' in each));
const plain = present.find(({ name }) => name === PLAIN);
if (!plain) throw new Error(`Ours did not start: ${missing.map((each) => `${each.name}: ${each.missing}`).join('; ')}`);
const wide = present.find(({ name }) => name === WIDE);
const versions = Object.fromEntries(present.map(({ name, version }) => [name, version]));

const processor = cpus()[0]?.model ?? null;
const clockName = { wall: 'time on the clock', cpu: 'processor time' }[clock];
console.log(
  `${processor ?? 'unknown processor'}, Node ${process.versions.node}, ${threads === 1 ? 'one thread' : `${threads} threads`}; ${Object.entries(
    versions,
  )
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.`,
);
for (const each of missing) console.log(`${each.name} takes no part: ${each.missing}`);
const peak = { plain: (await plain.peak?.()) ?? Number.NaN, wide: (await wide?.peak?.()) ?? Number.NaN };
console.log(
  `Medians of ${timing.repetitions} blocks, ${clockName}. Peak of a core: ${peak.plain.toFixed(1)} GFLOP/s, ${peak.wide.toFixed(1)} with wide vectors.\n`,
);
console.log(heading(present.map(({ name }) => name)));
const results: ReportRow[] = [];
for (const row of chosen) {
  const result = { ...(await measure(row, present, timing)), goal: row.goal };
  results.push(result);
  console.log(line(result));
}
for (const each of present) each.close?.();

const share = coreShare(results);
const warning = disturbance(share, clock);
if (warning) console.warn(`\n${warning}`);
const report: Report = {
  date: new Date().toISOString(),
  commit: commit(),
  command: ['pnpm --filter @flowfield/bench bench', ...process.argv.slice(2)].join(' '),
  processor,
  node: process.versions.node,
  threads,
  clock,
  versions,
  missing,
  peak,
  coreShare: share,
  rows: results,
};
const out = options.out ?? join(import.meta.dirname, '..', 'results', `cpu-${threads}.json`);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(report, null, 1)}\n`);
const written = [out, ...(options.publish ? publish(report) : [])];
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s. Written to ${written.join(', ')}`);

/** The commit that was measured, with a plus when files differ from it; null outside a checkout. */
function commit(): string | null {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--', '../../../packages', '../../../apps');
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+');
  } catch {
    return null;
  }
}
