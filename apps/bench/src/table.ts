import { styleText } from 'node:util';
import { WIDE } from './contenders/contenders.ts';
import type { Entry, RowResult } from './measure.ts';
import { type Clock, median } from './timing.ts';

const ROW_WIDTH = 66;
const TIME_WIDTH = 16;
const RATIO_WIDTH = 11;
/** Below this share of a core the machine was busy with something else. */
const QUIET_SHARE = 0.9;

/** The head of the table. */
export function heading(names: readonly string[]): string {
  const columns = names.map((name) => name.padStart(TIME_WIDTH)).join('');
  return styleText('bold', `${'ms a run'.padEnd(ROW_WIDTH)}${columns}${'wide : JAX'.padStart(RATIO_WIDTH)}`);
}

/** One line per row, and one more for each thing to be said about a contender. */
export function line({ row, entries }: RowResult): string {
  const columns = entries.map((entry) => time(entry).padStart(TIME_WIDTH)).join('');
  return [`${row.padEnd(ROW_WIDTH)}${columns}${ratio(entries)}`, ...entries.flatMap(remarksOf)].join('\n');
}

function time({ timing, remarks }: Entry): string {
  if (!timing) return remarks.length > 0 ? 'void' : '-';
  return timing.median.toPrecision(3);
}

/** Our time over JAX's: below 1 we are faster. */
function ratio(entries: readonly Entry[]): string {
  const [ours, theirs] = [WIDE, 'JAX'].map(
    (name) => entries.find(({ contender }) => contender === name)?.timing?.median ?? null,
  );
  if (ours === null || theirs === null) return '-'.padStart(RATIO_WIDTH);
  const value = ours / theirs;
  return styleText(value <= 1 ? 'green' : 'red', value.toFixed(value < 0.1 ? 3 : 2).padStart(RATIO_WIDTH));
}

const remarksOf = ({ contender, remarks }: Entry): string[] =>
  remarks.map((remark) => styleText('dim', `    ${contender}: ${remark}`));

/** The share of a core, or of so many, that the median block had; null without blocks. */
export function coreShare(results: readonly RowResult[]): number | null {
  const shares = results.flatMap(({ entries }) => entries.flatMap(({ timing }) => timing?.coreShare ?? []));
  return shares.length === 0 ? null : median(shares);
}

/** A warning when other programs took the core away, or null. */
export function disturbance(share: number | null, clock: Clock): string | null {
  if (share === null || share >= QUIET_SHARE) return null;
  const remedy = clock === 'wall' ? 'Repeat it on a quiet machine, or with --clock cpu.' : 'Caches were shared, too.';
  return `The machine was busy: the median block had ${Math.round(100 * share)} % of a core. ${remedy}`;
}
