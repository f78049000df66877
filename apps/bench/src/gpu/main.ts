import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deviceInfo, init } from '@flowfield/tensor-webgpu';
import { countCalls } from './counting.ts';
import { type GpuRow, gpuRows, type Job } from './rows.ts';
import { type GpuTiming, timeJob } from './timing.ts';

/** One row of the results; peers write the same form. Without a time, `error` says why. */
interface GpuResult {
  readonly name: string;
  readonly group: string;
  readonly ms: number | null;
  readonly timing?: GpuTiming;
  readonly tflops?: number;
  /** Dispatches and submits of one run, and microseconds of the host for each dispatch. */
  readonly dispatches?: number;
  readonly submits?: number;
  readonly hostMicrosecondsPerDispatch?: number;
  readonly error?: string;
}

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'gpu.json' },
    only: { type: 'string', default: '' },
    tiny: { type: 'boolean', default: false },
    /** Seconds after which no further row begins. */
    seconds: { type: 'string', default: '230' },
    block: { type: 'string', default: '150' },
  },
});
const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;

await init({ device: 'webgpu' });
const calls = await countCalls();
const adapter = deviceInfo('webgpu').numerics;
console.log(`${adapter}\n`);

/** Two numbers of the same computation in float32 in another order. */
const AGREEMENT = 2e-3;
/** Steps before the numbers are compared. */
const STEPS = 3;
const results: GpuResult[] = [];
const write = () =>
  writeFileSync(
    options.out,
    `${JSON.stringify({ library: 'flowfield', device: adapter, date: new Date().toISOString(), rows: results }, null, 1)}\n`,
  );

const checked = new Map<string, string | null>();
for (const row of gpuRows(options.tiny)) {
  if (!row.name.includes(options.only)) continue;
  const result = await measure(row);
  results.push(result);
  write();
  console.log(line(result));
}
console.log(`\n${results.length} rows in ${seconds().toFixed(0)} s, written to ${options.out}`);
// Dawn keeps a process alive.
process.exit(0);

async function measure(row: GpuRow): Promise<GpuResult> {
  const { name, group } = row;
  if (seconds() > Number(options.seconds)) return { name, group, ms: null, error: 'no time left' };
  let job: Job | null = null;
  try {
    const differs = await difference(row);
    if (differs !== null) return { name, group, ms: null, error: differs };
    job = row.start('webgpu');
    const timing = await timeJob(job, Number(options.block));
    const before = { ...calls };
    job.run();
    const [dispatches, submits] = [calls.dispatches - before.dispatches, calls.submits - before.submits];
    const last = await job.settle();
    if (!Number.isFinite(last)) return { name, group, ms: null, error: `the result is ${last}` };
    return {
      name,
      group,
      ms: timing.ms,
      timing,
      tflops: row.flops === null ? undefined : row.flops / timing.ms / 1e9,
      dispatches,
      submits,
      hostMicrosecondsPerDispatch: dispatches > 0 ? (timing.hostMs * 1000) / dispatches : undefined,
    };
  } catch (error) {
    return { name, group, ms: null, error: String(error instanceof Error ? error.message : error).split('\n')[0] };
  } finally {
    try {
      job?.dispose();
    } catch {}
    // After a loss the device opens anew.
    await init({ device: 'webgpu' }).catch(() => undefined);
  }
}

/** Why the numbers of a row at a tiny size are not the CPU's; rows of one kind are compared once. */
async function difference(row: GpuRow): Promise<string | null> {
  const kind = row.name.split(',')[0];
  if (!checked.has(kind)) {
    const numbers: number[] = [];
    for (const device of ['cpu', 'webgpu']) {
      await init({ device });
      const job = row.tiny(device);
      for (let i = 0; i < STEPS; i++) job.run();
      numbers.push(await job.settle());
      job.dispose();
    }
    const [wanted, got] = numbers;
    const agree = Math.abs(got - wanted) <= AGREEMENT * Math.max(Math.abs(wanted), 0.1);
    checked.set(kind, agree ? null : `wrong numbers: ${got}, on the CPU ${wanted}`);
  }
  return checked.get(kind) ?? null;
}

function line({
  name,
  ms,
  tflops,
  dispatches,
  submits,
  timing,
  hostMicrosecondsPerDispatch,
  error,
}: GpuResult): string {
  if (ms === null || timing === undefined) return `${name.padEnd(60)} ${error}`;
  const rate = tflops === undefined ? '' : `${tflops.toFixed(2)} TFLOP/s`;
  const spread = `${timing.fastest.toPrecision(3)} to ${timing.slowest.toPrecision(3)}`;
  const encode = `${dispatches} dispatches, ${submits} submits, ${hostMicrosecondsPerDispatch?.toFixed(2)} us each`;
  return `${name.padEnd(60)} ${ms.toPrecision(4)} ms (${spread}) ${rate.padStart(14)}  ${encode}, first ${timing.firstMs.toFixed(0)} ms`;
}
