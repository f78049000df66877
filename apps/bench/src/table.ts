import { styleText } from 'node:util';
import type { Entry, RowResult } from './measure.ts';
import { type Clock, median } from './timing.ts';

const ROW_WIDTH = 52;
const TIME_WIDTH = 26;
const RATIO_WIDTH = 8;
/** Below this share of a core the machine was busy with something else. */
const QUIET_SHARE = 0.9;

/** The head of the table; the first contender is the one that the others are compared with. */
export function heading(names: readonly string[]): string {
  const [ours, ...peers] = names;
  const columns = [
    ours.padStart(TIME_WIDTH),
    ...peers.map((name) => name.padStart(TIME_WIDTH) + 'ratio'.padStart(RATIO_WIDTH)),
  ];
  return styleText('bold', `${'row'.padEnd(ROW_WIDTH)}${columns.join('')}`);
}

/** One line per row, and one more for each thing to be said about a contender. */
export function line({ row, flops, entries }: RowResult): string {
  const [ours, ...peers] = entries;
  const columns = [
    time(ours, flops).padStart(TIME_WIDTH),
    ...peers.map((peer) => time(peer, flops).padStart(TIME_WIDTH) + ratio(ours, peer)),
  ];
  return [`${row.padEnd(ROW_WIDTH)}${columns.join('')}`, ...entries.flatMap(remarksOf)].join('\n');
}

function time({ timing }: Entry, flops: number | null): string {
  if (!timing) return 'void';
  const speed = flops === null ? '' : ` (${(flops / timing.median / 1e6).toPrecision(3)} GF/s)`;
  return `${timing.median.toPrecision(3)} ms${speed}`;
}

/** Our time over the peer's: below 1 we are faster. */
const ratioOf = (ours: Entry, peer: Entry): number | null =>
  ours.timing && peer.timing ? ours.timing.median / peer.timing.median : null;

function ratio(ours: Entry, peer: Entry): string {
  const value = ratioOf(ours, peer);
  const text = (value === null ? '-' : value.toFixed(value < 0.1 ? 3 : 2)).padStart(RATIO_WIDTH);
  return value === null ? text : styleText(value <= 1 ? 'green' : 'red', text);
}

const remarksOf = ({ contender, remarks }: Entry): string[] =>
  remarks.map((remark) => styleText('dim', `    ${contender}: ${remark}`));

/** A warning when other programs took the core away, or null. */
export function disturbance(results: readonly RowResult[], clock: Clock): string | null {
  const shares = results.flatMap(({ entries }) => entries.flatMap(({ timing }) => timing?.coreShare ?? []));
  const share = median(shares);
  if (shares.length === 0 || share >= QUIET_SHARE) return null;
  const remedy = clock === 'wall' ? 'Repeat it on a quiet machine, or with --clock cpu.' : 'Caches were shared, too.';
  return `The machine was busy: the median block had ${Math.round(100 * share)} % of a core. ${remedy}`;
}

/** The best product of the first contender against the peak of the core. */
export function roofline(results: readonly RowResult[], peak: number): string {
  const speeds = results.flatMap(({ row, flops, entries: [ours] }) =>
    flops !== null && ours.timing ? [{ row, speed: flops / ours.timing.median / 1e6 }] : [],
  );
  const measured = `Peak of one core (multiply-adds on registers alone): ${peak.toFixed(1)} GFLOP/s.`;
  if (speeds.length === 0) return measured;
  const best = speeds.reduce((a, b) => (b.speed > a.speed ? b : a));
  const share = Math.round((100 * best.speed) / peak);
  return `${measured} Our fastest product (${best.row}): ${best.speed.toFixed(1)} GFLOP/s, ${share} % of it.`;
}
