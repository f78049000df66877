import { PLAIN, WIDE } from '../contenders/contenders.ts';
import {
  columnsOf,
  entryOf,
  geometricMeans,
  percent,
  type Report,
  type ReportRow,
  ratioOf,
  speedup,
  timeOf,
  verdictOf,
} from './figures.ts';

/** The figures of a run as a part of a page: how it was measured, the table, and what follows from it. */
export function markdown(report: Report): string {
  return [measuredHow(report), table(report), ...conclusions(report)].join('\n\n');
}

function measuredHow({ command, commit, processor, node, threads, versions, missing, peak, clock, coreShare }: Report) {
  const peers = Object.entries(versions)
    .filter(([, version]) => version !== 'here')
    .map(([name, version]) => `${name} ${version}`);
  const absent = missing.map(({ name, missing: why }) => `${name}: ${why}`);
  const clocks = clock === 'cpu' ? 'processor time' : 'time on the clock';
  const busy = coreShare !== null && coreShare < 0.9 ? ` The median block had ${percent(coreShare)} of a core.` : '';
  return [
    `\`${command}\`, commit ${commit ?? 'unknown'}, Node ${node}, ${threads === 1 ? 'one thread' : `${threads} threads`}, ${processor ?? 'unknown processor'}; ${peers.join(', ') || 'no peers'}.`,
    `Medians of blocks, ${clocks}.${busy} Measured peak of one core: ${peak.plain.toFixed(1)} GFLOP/s with vectors of 128 bits, ${peak.wide.toFixed(1)} with those of 256 that V8 joins.`,
    ...(absent.length > 0 ? [`Not at hand: ${absent.join('; ')}.`] : []),
  ].join('\n');
}

function table(report: Report): string {
  const names = columnsOf(report);
  const alone = report.threads === 1;
  const last = alone ? ['wide : JAX', 'wide : fastest', 'goal', ''] : ['1 : 2 threads', 'wide : JAX', 'goal', ''];
  const heads = ['row', ...names, ...last];
  const body = report.rows.map((row) => {
    const verdict = verdictOf(row, report);
    const met = verdict === null || verdict.met === null ? '' : verdict.met ? 'met' : 'missed';
    const jax = number(ratioOf(row, WIDE, 'JAX'));
    const ratios = alone ? [jax, number(overFastest(row, names))] : [number(speedup(row)), jax];
    return [row.row, ...names.map((name) => time(row, name)), ...ratios, verdict?.words ?? '', met];
  });
  return [heads, heads.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const number = (value: number | null): string => (value === null ? '' : value.toPrecision(2));

function time(row: ReportRow, name: string): string {
  const ms = timeOf(row, name);
  if (ms === null) return entryOf(row, name)?.remarks.length ? 'void' : '';
  const rate =
    row.flops !== null && (name === PLAIN || name === WIDE) ? ` (${(row.flops / ms / 1e6).toPrecision(3)})` : '';
  const star = entryOf(row, name)?.remarks.length ? '*' : '';
  return `${ms.toPrecision(3)} ms${rate}${star}`;
}

/** Our time with wide vectors over the fastest of the others'. */
function overFastest(row: ReportRow, names: readonly string[]): number | null {
  const others = names.filter((name) => name !== PLAIN && name !== WIDE).flatMap((name) => timeOf(row, name) ?? []);
  const ours = timeOf(row, WIDE);
  return ours === null || others.length === 0 ? null : ours / Math.min(...others);
}

function conclusions(report: Report): string[] {
  const remarks = report.rows.flatMap((row) =>
    row.entries
      .filter((entry) => entry.remarks.length > 0)
      .map(({ contender, remarks: words }) => `${contender}, ${row.row}: ${words.join('; ')}`),
  );
  const { rows, means } = geometricMeans(report);
  const each = [...means].map(([name, mean]) => `${name} ${mean.toFixed(2)}`).join(', ');
  const verdicts = report.rows.map((row) => verdictOf(row, report)).filter((verdict) => verdict?.met != null);
  const met = verdicts.filter((verdict) => verdict?.met).length;
  return [
    `Products with GFLOP/s in parentheses. Geometric mean of ${rows} rows, time over the fastest: ${each}. Goals met: ${met} of ${verdicts.length}.`,
    ...(remarks.length > 0 ? [`\\* and void:\n\n${remarks.map((words) => `- ${words}`).join('\n')}`] : []),
  ];
}
