import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chart } from './chart.ts';
import type { Report } from './figures.ts';
import { markdown } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const SHOWN = "![Time of every library over flowfield's on one thread of a CPU, row by row](docs/pictures/cpu.svg)";

/**
 * Puts the figures of a run into docs/performance.md, between the marks for its number of threads, draws them, keeps them as JSON,
 * and shows those of one thread in the README of the repository.
 */
export function publish(report: Report): readonly string[] {
  const { threads } = report;
  const page = join(root, 'docs', 'performance.md');
  const readme = join(root, 'README.md');
  const picture = join(root, 'docs', 'pictures', threads === 1 ? 'cpu.svg' : `cpu-${threads}-threads.svg`);
  const figures = join(root, 'apps', 'bench', 'figures', `cpu-${threads}.json`);
  mkdirSync(dirname(figures), { recursive: true });
  writeFileSync(figures, `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(page, between(readFileSync(page, 'utf8'), `cpu-${threads}`, `\n${markdown(report)}\n`));
  writeFileSync(picture, chart(report));
  if (threads > 1) return [figures, page, picture];
  writeFileSync(readme, between(readFileSync(readme, 'utf8'), 'cpu-chart', SHOWN));
  return [figures, page, picture, readme];
}

/** A text whose part between `<!-- name -->` and `<!-- /name -->` is another. Throws RangeError without these marks. */
export function between(text: string, name: string, part: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new RangeError(`Expected a line ${open} and after it a line ${close}. Add both.`);
  return `${text.slice(0, start + open.length)}\n${part}\n${text.slice(end)}`;
}
