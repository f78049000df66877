import { papers } from '@flowfield/recipes';
import { allPassed, type Figure, type Result } from './result.ts';

/** Rendered by `flowfield reproduce --table`; the head of the file says so. */
export function resultsPage(results: readonly Result[]): string {
  const known = papers.filter(({ name }) => results.some(({ paper }) => paper === name));
  return [
    '# Results',
    '',
    '<!-- Made by `npm start -- reproduce --table` from the files in results/. Edit nothing here. -->',
    '',
    "Each method on a benchmark, its number beside the paper's. A value is the mean over the seeds ± their standard deviation;",
    'a gate must be reached by every seed, or by the mean where it says so. The files in `results` hold every seed, the commit,',
    'the device and the time. A part is run again by its command, such as `npm start -- reproduce flow-matching --part checkerboard`.',
    '',
    ...known.flatMap(({ name, reference, parts }) => {
      const own = results.filter(({ paper }) => paper === name);
      const inOrder = parts.flatMap((part) =>
        own
          .filter((result) => result.part === part.name && result.effort !== 'quick')
          .flatMap((result) => partLines(result, result.effort === 'plain' ? part.remark : undefined)),
      );
      return [`## ${name}`, '', `${reference}.`, '', ...inOrder];
    }),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function partLines(result: Result, remark?: string): string[] {
  const { paper, part, effort, summary, metrics, baselines, pictures, seeds, seconds, command, commit } = result;
  const { device, threads, wide } = result;
  return [
    `### ${part}${effort === 'plain' ? '' : ` (${effort})`}${allPassed(result) ? '' : ' – gate missed'}`,
    '',
    `${capital(summary)}.`,
    '',
    '| figure | value | gate | paper |',
    '| --- | --- | --- | --- |',
    ...metrics.map((figure) => row(figure, figure.label)),
    ...baselines.map((figure) => row(figure, `*${figure.label}*`)),
    '',
    ...(remark === undefined ? [] : [remark, '']),
    `Seeds ${seeds.join(', ')}; ${duration(seconds)} a seed on ${device}, ${threads} thread${threads === 1 ? '' : 's'}${wide ? ', wide vectors' : ''}; commit ${commit}; \`${command}\`.`,
    '',
    ...pictures.flatMap((picture) => [`![${part}](results/${paper}/${picture})`, '']),
  ];
}

function row({ value, spread, values, digits, gate, passed, paperValue }: Figure, label: string): string {
  const number = values.length > 1 ? `${value.toFixed(digits)} ± ${spread.toFixed(digits)}` : value.toFixed(digits);
  const bounds = [
    ...(gate?.atMost === undefined ? [] : [`≤ ${gate.atMost}`]),
    ...(gate?.atLeast === undefined ? [] : [`≥ ${gate.atLeast}`]),
  ].join(', ');
  const verdict = passed === undefined ? '' : passed ? ' ✓' : ' **missed**';
  return `| ${cell(label)} | ${number} | ${bounds}${bounds !== '' && gate?.of === 'mean' ? ' (mean)' : ''}${verdict} | ${cell(`${paperValue ?? ''}`)} |`;
}

/** Text that does not end its cell. */
const cell = (words: string): string => words.replaceAll('|', '\\|');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Seconds below two minutes, else minutes. */
const duration = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;
