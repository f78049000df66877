import type { Job, Spent } from './contender.ts';

export interface TimingOptions {
  /** Length of one timed block in milliseconds; it holds at least one run. */
  readonly blockMs: number;
  /** Blocks per job. */
  readonly repetitions: number;
  /** Warm-up goes on until it is steady, but no longer than this many milliseconds. */
  readonly warmUpMs: number;
  /** A job gets no further block after so many milliseconds, but three at the least. */
  readonly mostMs: number;
  /** `wall` is the time a person waits. `cpu` is the processor time of this process, for a machine that is busy. */
  readonly clock: Clock;
}

export type Clock = 'wall' | 'cpu';

/** Milliseconds per run. */
export interface Timing {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Processor time over time on the clock. Well below 1: something else used the core. */
  readonly coreShare: number;
}

/** A block is steady when it is within this part of the fastest so far. */
const STEADY = 0.05;
const STEADY_BLOCKS = 3;
/** No run is taken to be shorter than this: the processor clock may tick 0 on the first ones. */
const SHORTEST_MS = 1e-4;

/** Blocks that every job gets. */
const LEAST_BLOCKS = 3;

interface Block {
  readonly perRun: number;
  readonly total: number;
  readonly coreShare: number;
}

/** Runs a job of this process so many times. */
export async function timeRuns(job: Job, runs: number): Promise<Spent> {
  const usedBefore = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const done = job.run();
    if (done) await done;
  }
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(usedBefore);
  return { elapsed, used: (user + system) / 1000 };
}

async function timeBlock(job: Job, runs: number, clock: Clock): Promise<Block> {
  const { elapsed, used } = await (job.block ? job.block(runs) : timeRuns(job, runs));
  return { perRun: (clock === 'cpu' ? used : elapsed) / runs, total: elapsed, coreShare: used / elapsed };
}

/** Runs until the engine has compiled what it will, and returns how many runs fill a block. */
async function warmUp(job: Job, { blockMs, warmUpMs, clock }: TimingOptions): Promise<number> {
  const start = performance.now();
  let runs = 1;
  let fastest = Number.POSITIVE_INFINITY;
  let steady = 0;
  while (steady < STEADY_BLOCKS && performance.now() - start < warmUpMs) {
    const { perRun } = await timeBlock(job, runs, clock);
    steady = perRun < (1 + STEADY) * fastest && perRun > (1 - STEADY) * fastest ? steady + 1 : 0;
    fastest = Math.min(fastest, perRun);
    runs = Math.max(1, Math.round(blockMs / Math.max(fastest, SHORTEST_MS)));
  }
  return runs;
}

/**
 * Times jobs against each other: each is warmed up, then blocks of runs take turns, one job after the other, so that a
 * change of the machine's speed meets all of them. Figures are over the blocks of a job.
 */
export async function timeTogether(jobs: readonly Job[], options: TimingOptions): Promise<Timing[]> {
  const runs: number[] = [];
  for (const job of jobs) runs.push(await warmUp(job, options));
  const blocks: Block[][] = jobs.map(() => []);
  const spent = jobs.map(() => 0);
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    for (const [i, job] of jobs.entries()) {
      if (repetition >= LEAST_BLOCKS && spent[i] > options.mostMs) continue;
      const block = await timeBlock(job, runs[i], options.clock);
      spent[i] += block.total;
      blocks[i].push(block);
    }
  }
  return blocks.map((own) => {
    const times = own.map((block) => block.perRun);
    return {
      median: median(times),
      fastest: Math.min(...times),
      slowest: Math.max(...times),
      coreShare: median(own.map((block) => block.coreShare)),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
