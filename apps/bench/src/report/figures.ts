import { PLAIN, WIDE, WIDE_ALONE } from '../contenders/contenders.ts';
import type { Entry, RowResult } from '../measure.ts';
import type { Missing } from '../remote/remote.ts';
import type { Goal } from '../rows.ts';

/** What a run of the bench found, as its JSON holds it. */
export interface Report {
  readonly date: string;
  readonly commit: string | null;
  readonly command: string;
  readonly processor: string | null;
  readonly node: string;
  readonly threads: number;
  readonly clock: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly Missing[];
  /** GFLOP/s of one core. */
  readonly peak: { readonly plain: number; readonly wide: number };
  readonly coreShare: number | null;
  readonly rows: readonly (RowResult & { readonly goal: Goal | null })[];
}

export type ReportRow = Report['rows'][number];

/** Rows above so many milliseconds on one thread shall gain by a second. */
const LARGE_MS = 2;
/** How much they shall gain by two. */
const LEAST_SPEEDUP = 1.7;

export const entryOf = (row: ReportRow, name: string): Entry | undefined =>
  row.entries.find(({ contender }) => contender === name);

/** Milliseconds; null without a timing. */
export const timeOf = (row: ReportRow, name: string): number | null => entryOf(row, name)?.timing?.median ?? null;

/** One time over another; null without both. */
export function ratioOf(row: ReportRow, name: string, over: string): number | null {
  const [a, b] = [timeOf(row, name), timeOf(row, over)];
  return a === null || b === null ? null : a / b;
}

/** Names of the columns, ours first. */
export const columnsOf = ({ versions }: Report): string[] => Object.keys(versions);

export const speedup = (row: ReportRow): number | null => ratioOf(row, WIDE_ALONE, WIDE);

export interface Verdict {
  readonly words: string;
  /** null where nothing can be said. */
  readonly met: boolean | null;
}

/** The goal of a row in words, and whether it is met. */
export function verdictOf(row: ReportRow, { peak, threads }: Report): Verdict | null {
  if (threads > 1) {
    const alone = timeOf(row, WIDE_ALONE);
    if (alone === null || alone < LARGE_MS) return null;
    const gain = speedup(row);
    return { words: `at least ${LEAST_SPEEDUP} x faster`, met: gain === null ? null : gain >= LEAST_SPEEDUP };
  }
  const { goal } = row;
  const ms = timeOf(row, WIDE);
  if (goal === null) return null;
  if (goal.kind === 'time') return { words: `${goal.ms} ms`, met: ms === null ? null : ms <= goal.ms };
  if (goal.kind === 'peak') {
    const share = ms === null || row.flops === null ? null : row.flops / ms / 1e6 / peak.wide;
    return { words: `${percent(goal.share)} of the peak`, met: share === null ? null : share >= goal.share };
  }
  const ratio = ratioOf(row, WIDE, 'JAX');
  return { words: `${goal.ratio} x JAX`, met: ratio === null ? null : ratio <= goal.ratio };
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** For each of those who take part in all rows: the geometric mean of their times over the fastest's. */
export function geometricMeans(report: Report): { readonly rows: number; readonly means: ReadonlyMap<string, number> } {
  const names = [PLAIN, WIDE, 'JAX', 'PyTorch'].filter((name) => name in report.versions);
  const complete = report.rows.filter((row) => names.every((name) => timeOf(row, name) !== null));
  const means = new Map<string, number>();
  for (const name of names) {
    const logs = complete.map((row) => {
      const fastest = Math.min(...names.map((each) => timeOf(row, each) as number));
      return Math.log((timeOf(row, name) as number) / fastest);
    });
    if (logs.length > 0) means.set(name, Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length));
  }
  return { rows: complete.length, means };
}
