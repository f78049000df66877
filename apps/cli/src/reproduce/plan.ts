import type { Effort } from '@flowfield/recipes';
import { hasBenchmarkFile } from '../runs/dataFiles.ts';
import type { Result } from './result.ts';
import { byPart, readOutcome, type Unit } from './unit.ts';

/** A row of the plan: a part with its seeds. */
interface PlannedPart {
  readonly paper: string;
  readonly part: string;
  readonly summary: string;
  readonly seeds: readonly number[];
  /** Minutes of one core for all seeds. */
  readonly minutes: number;
  readonly missingData: readonly string[];
  /** Seeds that have come to their end in the folder of runs. */
  readonly done: readonly number[];
  /** Whether there is a result file, and whether its gates are passed. */
  readonly result: 'none' | 'passed' | 'missed';
}

/** What running the units comes to. */
export async function planOf(
  units: readonly Unit[],
  runs: string,
  results: readonly Result[],
  passed: (result: Result) => boolean,
): Promise<PlannedPart[]> {
  return Promise.all(
    byPart(units).map(async (group) => {
      const [{ paper, part, effort }] = group;
      const result = results.find((one) => one.paper === paper.name && one.part === part.name && one.effort === effort);
      const there = await Promise.all((part.data ?? []).map(hasBenchmarkFile));
      const done = await Promise.all(group.map((unit) => readOutcome(runs, unit)));
      return {
        paper: paper.name,
        part: part.name,
        summary: part.summary,
        seeds: group.map(({ seed }) => seed),
        minutes: group.length * minutesOf(part.minutes, effort),
        missingData: (part.data ?? []).filter((_, i) => !there[i]),
        done: group.filter((_, i) => done[i] !== null).map(({ seed }) => seed),
        result: result === undefined ? 'none' : passed(result) ? 'passed' : 'missed',
      } as const;
    }),
  );
}

/** A quick look takes at most a minute. */
const minutesOf = (minutes: number, effort: Effort): number => (effort === 'quick' ? Math.min(1, minutes) : minutes);

/** The plan as lines for people. */
export function planLines(plan: readonly PlannedPart[]): string[] {
  const width = Math.max(...plan.map(({ paper, part }) => paper.length + part.length + 1));
  const rows = plan.map(({ paper, part, summary, seeds, minutes, missingData, done, result }) => {
    const state = [
      done.length === 0 ? '' : `${done.length} of ${seeds.length} seeds done`,
      result === 'none' ? 'no result' : result === 'passed' ? 'result' : 'result, gate missed',
      missingData.length === 0 ? '' : `missing data: ${missingData.join(', ')}`,
    ];
    return `${`${paper} ${part}`.padEnd(width)}  ${minutes.toFixed(0).padStart(4)} min  ${state.filter(Boolean).join('; ')}\n${' '.repeat(width)}            ${summary}`;
  });
  const total = plan.reduce((sum, { minutes }) => sum + minutes, 0);
  return [...rows, `${plan.length} parts, ${total.toFixed(0)} minutes of one core for all their seeds`];
}
