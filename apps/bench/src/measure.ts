import { agreesWith, type Check, check, stillFinite, type Verdict } from './agreement.ts';
import type { Contender, Job } from './contender.ts';
import type { Problem } from './problem.ts';
import type { Row } from './rows.ts';
import { type Timing, type TimingOptions, timeTogether } from './timing.ts';

/** What a contender did on a row. Without a timing it could not do it, and `remarks` say why, or it takes no part in such rows. */
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

const BY_HAND = 'timed with the gradient in x written by hand';

/** Checks of a row: at a size that float64 does in a moment, and at its own. */
export interface Checks {
  readonly tiny: { readonly problem: Problem; readonly check: Check } | null;
  readonly full: { readonly problem: Problem; readonly check: Check };
}

/** Sets a problem up and checks its numbers, in the first of the ways that are right. */
export async function attempt(contender: Contender, { tiny, full }: Checks, nested: boolean): Promise<Attempt> {
  const remarks: string[] = [];
  for (const byHand of nested ? [false, true] : [false]) {
    let job: Job | null = null;
    try {
      const differs = tiny ? await checkOnce(contender, tiny, byHand) : null;
      if (differs === undefined) continue;
      if (differs !== null) {
        remarks.push(`wrong numbers (${differs})`);
        continue;
      }
      job = await contender.start(full.problem, byHand);
      if (!job) continue;
      const wrong = await full.check(job);
      if (wrong === null) return { job, remarks: byHand ? [...remarks, BY_HAND] : remarks };
      remarks.push(`wrong numbers (${wrong})`);
    } catch (error) {
      remarks.push(`failed (${String(error instanceof Error ? error.message : error).split('\n')[0]})`);
    }
    await Promise.resolve(job?.dispose()).catch(() => {});
  }
  return { job: null, remarks };
}

/** What is wrong with a problem set up for the check alone; undefined where the contender has no such problem. */
async function checkOnce(
  contender: Contender,
  { problem, check: verdictOf }: { problem: Problem; check: Check },
  byHand: boolean,
): Promise<Verdict | undefined> {
  const job = await contender.start(problem, byHand);
  if (!job) return undefined;
  try {
    return await verdictOf(job);
  } finally {
    await job.dispose();
  }
}

/** Sets a row up in every contender, checks the numbers of each, and times those that are right against each other. */
export async function measure(row: Row, contenders: readonly Contender[], options: TimingOptions): Promise<RowResult> {
  const problem = row.prepare();
  const tinyProblem = row.tiny?.() ?? null;
  const tiny = tinyProblem ? { problem: tinyProblem, check: check(tinyProblem) } : null;
  const attempts: Attempt[] = [];
  // Where float64 takes too long at this size, the first sets the numbers for the others.
  let fullCheck: Check = tiny ? onceRun : check(problem);
  for (const contender of contenders) {
    const made = await attempt(contender, { tiny, full: { problem, check: fullCheck } }, row.nested);
    if (tiny && made.job && fullCheck === onceRun) fullCheck = agreesWith(problem, await made.job.outputs());
    attempts.push(made);
  }
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
    await job?.dispose();
  }
  return { row: row.name, flops: row.flops, entries };
}

const onceRun: Check = async (job) => {
  await job.run();
  return stillFinite(job);
};
