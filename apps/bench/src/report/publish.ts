import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.ts';
import type { Report } from './figures.ts';
import { markdown } from './markdown.ts';

const docs = join(import.meta.dirname, '..', '..', '..', '..', 'docs');

/** Puts the figures of a run into docs/performance.md, between the marks for its number of threads, and draws them. */
export function publish(report: Report): readonly string[] {
  const page = join(docs, 'performance.md');
  const picture = join(docs, 'pictures', report.threads === 1 ? 'cpu.svg' : `cpu-${report.threads}-threads.svg`);
  writeFileSync(page, between(readFileSync(page, 'utf8'), `cpu-${report.threads}`, markdown(report)));
  writeFileSync(picture, chart(report));
  return [page, picture];
}

/** A text whose part between `<!-- name -->` and `<!-- /name -->` is another. Throws RangeError without these marks. */
export function between(text: string, name: string, part: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new RangeError(`Expected a line ${open} and after it a line ${close}. Add both.`);
  return `${text.slice(0, start + open.length)}\n${part}\n${text.slice(end)}`;
}
