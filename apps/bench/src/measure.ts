import { type Check, stillFinite } from './agreement.ts';
import type { Contender, Job } from './contender.ts';
import type { Row, Way } from './rows.ts';
import { type Timing, type TimingOptions, timeTogether } from './timing.ts';

/** What a contender did on a row. Without a timing it could not do it, and `remarks` say why. */
export interface Entry {
  readonly contender: string;
  readonly timing: Timing | null;
  /** What went wrong in each way that was tried, and which way was timed when it was not the first. */
  readonly remarks: readonly string[];
}

export interface RowResult {
  readonly row: string;
  readonly flops: number | null;
  readonly entries: readonly Entry[];
}

interface Attempt {
  readonly job: Job | null;
  readonly remarks: readonly string[];
}

/** The first of the ways whose numbers are right. */
export async function attempt(contender: Contender, ways: readonly Way[], check: Check): Promise<Attempt> {
  const remarks: string[] = [];
  for (const { note, start } of ways) {
    try {
      const job = start(contender);
      if (!job) continue;
      const differs = await check(job);
      if (differs === null) return { job, remarks: note ? [...remarks, note] : remarks };
      remarks.push(`wrong numbers (${differs})`);
      job.dispose();
    } catch (error) {
      remarks.push(`failed (${String(error instanceof Error ? error.message : error).split('\n')[0]})`);
    }
  }
  return { job: null, remarks };
}

/** Sets a row up in every contender, checks the numbers of each, and times those that are right against each other. */
export async function measure(row: Row, contenders: readonly Contender[], options: TimingOptions): Promise<RowResult> {
  const { check, ways } = row.prepare();
  const attempts: Attempt[] = [];
  for (const contender of contenders) attempts.push(await attempt(contender, ways, check));
  const timings = await timeTogether(
    attempts.flatMap(({ job }) => job ?? []),
    options,
  );
  const entries: Entry[] = [];
  for (const [i, { job, remarks }] of attempts.entries()) {
    const contender = contenders[i].name;
    const timing = job ? (timings.shift() ?? null) : null;
    const differs = job ? await stillFinite(job) : null;
    entries.push(
      differs === null
        ? { contender, timing, remarks }
        : { contender, timing: null, remarks: [...remarks, `wrong numbers (${differs})`] },
    );
    job?.dispose();
  }
  return { row: row.name, flops: row.flops, entries };
}
