// Runs one contender and answers questions about it on standard input and output:
//   node --conditions=@flowfield/source src/remote/serve.ts flowfield --threads 2 --wide
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import type { Contender, Job } from '../contender.ts';
import { flowfield } from '../contenders/flowfield.ts';
import { peakGigaflops } from '../peak.ts';
import type { Problem } from '../problem.ts';
import { timeRuns } from '../timing.ts';
import { ANSWER, type Answer, type Hello, type Request } from './protocol.ts';
import { pack, unpack } from './wire.ts';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: 'string', default: '1' }, wide: { type: 'boolean', default: false } },
});
const [name] = positionals;

const answer = (value: Answer | Hello): void => void process.stdout.write(`${ANSWER}${JSON.stringify(value)}\n`);
const words = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0];

const jobs = new Map<number, Job>();
const contender = await opened().catch((error) => {
  answer({ missing: words(error) });
  process.exit(0);
});
// All WebAssembly is optimized when it is compiled. Else V8 does it later on another thread, and on a busy machine a library
// may be timed before its turn has come.
setFlagsFromString('--no-liftoff');
answer({ version: contender.version });
for await (const text of createInterface({ input: process.stdin })) {
  try {
    answer(await replyTo(JSON.parse(text) as Request));
  } catch (error) {
    answer({ error: words(error) });
  }
}
process.exit(0);

async function opened(): Promise<Contender> {
  if (name === 'flowfield') return flowfield({ name, threads: Number(options.threads), wide: options.wide });
  const peers = new URL('../../peers/', import.meta.url);
  if (!existsSync(new URL('node_modules', peers))) {
    throw new Error('not installed: pnpm --filter @flowfield/bench bench:peers');
  }
  const { peer } = (await import(new URL(`${name}.ts`, peers).href)) as { peer(): Promise<Contender> };
  return peer();
}

async function replyTo(request: Request): Promise<Answer> {
  if (request.ask === 'peak') return { gigaflops: await peakGigaflops(options.wide) };
  if (request.ask === 'start') {
    const { job, json, file, byHand } = request;
    const started = await contender.start(unpack({ json, bytes: readFileSync(file) }) as Problem, byHand);
    if (started) jobs.set(job, started);
    return { takesPart: started !== null };
  }
  const job = jobs.get(request.job);
  if (!job) throw new Error(`There is no job ${request.job}.`);
  if (request.ask === 'block') return timeRuns(job, request.runs);
  if (request.ask === 'outputs') {
    const { json, bytes } = pack(await job.outputs());
    writeFileSync(request.file, bytes);
    return { json };
  }
  await job.dispose();
  jobs.delete(request.job);
  return {};
}
