import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { deviceInfo, init } from '@flowfield/tensor-webgpu';
import { contenders } from './contenders/contenders.ts';
import { measure, type RowResult } from './measure.ts';
import { peakGigaflops } from './peak.ts';
import { rows } from './rows.ts';
import { disturbance, heading, line, roofline } from './table.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repetitions: { type: 'string', default: '9' },
    block: { type: 'string', default: '100' },
    clock: { type: 'string', default: 'wall' },
    threads: { type: 'string', default: process.env.FLOWFIELD_THREADS || '1' },
    wide: { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, '..', 'results', 'bench.json') },
  },
});
const { clock } = options;
if (clock !== 'wall' && clock !== 'cpu') throw new RangeError(`Expected --clock wall or cpu, got '${clock}'.`);
const timing = {
  blockMs: Number(options.block),
  repetitions: Number(options.repetitions),
  warmUpMs: 3000,
  clock,
} as const;
if (!(timing.blockMs > 0) || !(Number.isInteger(timing.repetitions) && timing.repetitions > 0)) {
  throw new RangeError('Expected --block in milliseconds and a whole number of --repetitions, both above 0.');
}
const chosen = rows.filter((row) => row.name.includes(options.only));
if (chosen.length === 0)
  throw new RangeError(`No row contains '${options.only}'. Rows: ${rows.map((row) => row.name).join('; ')}.`);

// Programs are made for the most threads; fewer can run them.
const threads = Number(options.threads);
await init({ threads, wideVectors: options.wide });
// All WebAssembly is optimized when it is compiled. Else V8 does it later on another thread, and on a busy machine a library
// may be timed before its turn has come.
setFlagsFromString('--no-liftoff');

const entrants = await contenders(threads);
const versions = Object.fromEntries(entrants.map(({ name, version }) => [name, version]));
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, ${threads === 1 ? 'one thread' : `one thread and ${threads}`}; ${deviceInfo('cpu').notes.join(' ')}`,
);
const clockName = { wall: 'time on the clock', cpu: 'processor time' }[clock];
console.log(
  `Medians of ${timing.repetitions} blocks, ${clockName} per run. Ratio: our time over theirs, below 1 we are faster.\n`,
);
console.log(heading(entrants.map(({ name }) => name)));
const results: RowResult[] = [];
for (const row of chosen) {
  const result = await measure(row, entrants, timing);
  results.push(result);
  console.log(line(result));
}
const peak = await peakGigaflops();
console.log(`\n${roofline(results, peak)}`);
const warning = disturbance(results, clock);
if (warning) console.warn(warning);

const report = {
  date: new Date().toISOString(),
  commit: commit(),
  processor: cpus()[0]?.model ?? null,
  node: process.versions.node,
  versions,
  threads,
  wide: options.wide,
  timing,
  peakGigaflops: peak,
  results,
};
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
console.log(`Written to ${options.out}`);

/** The commit that was measured, with a plus when files differ from it; null outside a checkout. */
function commit(): string | null {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return null;
  }
}
