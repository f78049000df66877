import type { Job } from './rows.ts';

export interface GpuTiming {
  /** Milliseconds of a run: the median of the blocks. */
  readonly ms: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Milliseconds until a run was handed over, without waiting for the device. */
  readonly hostMs: number;
  /** Milliseconds until the first run was done, compiling included. */
  readonly firstMs: number;
  readonly runs: number;
}

const BLOCKS = 5;

/**
 * Times a job whose runs are handed over one after the other; a block ends when a number from its last run has been read.
 * Blocks last about `blockMs`.
 */
export async function timeJob(job: Job, blockMs: number): Promise<GpuTiming> {
  const block = async (runs: number): Promise<{ total: number; host: number }> => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) job.run();
    const handed = performance.now();
    await job.settle();
    return { total: performance.now() - start, host: handed - start };
  };
  const first = await block(1);
  await block(1);
  let runs = 1;
  for (let { total } = await block(runs); total < blockMs / 2 && runs < 4096; { total } = await block(runs)) {
    runs = Math.min(4096, Math.max(runs * 2, Math.floor((runs * blockMs) / Math.max(total, 0.01))));
  }
  const blocks: { total: number; host: number }[] = [];
  for (let i = 0; i < BLOCKS; i++) blocks.push(await block(runs));
  const sorted = blocks.map(({ total }) => total / runs).sort((a, b) => a - b);
  const host = blocks.map((each) => each.host / runs).sort((a, b) => a - b);
  return {
    ms: sorted[BLOCKS >> 1],
    fastest: sorted[0],
    slowest: sorted[BLOCKS - 1],
    hostMs: host[BLOCKS >> 1],
    firstMs: first.total,
    runs,
  };
}
