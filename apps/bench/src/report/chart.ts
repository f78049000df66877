import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { PLAIN, WIDE } from '../contenders/contenders.ts';
import { columnsOf, type Report, timeOf } from './figures.ts';

const WIDTH = 900;
const ROW_HEIGHT = 17;
const FRAME = { top: 74, bottom: 44, left: 372, right: 28 };
const COLORS: Readonly<Record<string, string>> = {
  [WIDE]: '#e0246a',
  [PLAIN]: '#f29bbb',
  JAX: '#2d6b9d',
  PyTorch: '#ffb000',
  'jax-js': '#66737d',
  tfjs: '#b9c2c9',
};
const NAMES: Readonly<Record<string, string>> = { [WIDE]: 'flowfield', [PLAIN]: 'flowfield, 128-bit vectors' };
/** Ratios beyond are drawn at the edge. */
const MOST = 64;

interface Mark {
  readonly row: string;
  readonly library: string;
  readonly ratio: number;
}

/** A dot for each library in each row: its time over ours with wide vectors, on a logarithmic axis. SVG text. */
export function chart(report: Report): string {
  const names = columnsOf(report).filter((name) => name in COLORS);
  const marks: Mark[] = report.rows.flatMap((row) => {
    const ours = timeOf(row, WIDE);
    if (ours === null) return [];
    return names.flatMap((library): Mark[] => {
      const ms = timeOf(row, library);
      return ms === null
        ? []
        : [{ row: row.row, library: NAMES[library] ?? library, ratio: Math.min(MOST, ms / ours) }];
    });
  });
  const libraries = names.map((name) => NAMES[name] ?? name);
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const rows = report.rows.map(({ row }) => row);
  const plot = Plot.plot({
    document: document as unknown as Document,
    width: WIDTH,
    height: FRAME.top + FRAME.bottom + rows.length * ROW_HEIGHT,
    marginTop: FRAME.top,
    marginBottom: FRAME.bottom,
    marginLeft: FRAME.left,
    marginRight: FRAME.right,
    style: { background: '#ffffff', color: '#1f2a33', fontSize: '12px' },
    x: {
      type: 'log',
      base: 2,
      domain: [Math.min(0.25, ...marks.map(({ ratio }) => ratio)), MOST],
      ticks: [0.25, 0.5, 1, 2, 4, 8, 16, 32, MOST],
      tickFormat: (ratio: number) => (ratio === MOST ? `${ratio}+` : String(ratio)),
      grid: true,
      label: null,
    },
    y: { domain: rows, label: null, tickSize: 0 },
    color: { domain: libraries, range: names.map((name) => COLORS[name]) },
    marks: [
      Plot.ruleX([1], { stroke: COLORS[WIDE] }),
      Plot.dot(marks, { x: 'ratio', y: 'row', fill: 'library', r: 4.5 }),
    ],
  });
  // Plot's own style sheet is for a chart within a page.
  plot.querySelector('style')?.remove();
  plot.removeAttribute('class');
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  plot.setAttribute('font-family', 'Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif');
  const text = (x: number, y: number, words: string, attributes: Readonly<Record<string, string>> = {}): void => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    const all = {
      x: String(x),
      y: String(y),
      fill: '#1f2a33',
      'font-size': '13',
      'text-anchor': 'start',
      ...attributes,
    };
    for (const [name, value] of Object.entries(all)) element.setAttribute(name, value);
    element.append(words);
    plot.append(element as unknown as Node);
  };
  const threads = report.threads === 1 ? 'one thread' : `${report.threads} threads`;
  const words = `Time on the CPU over flowfield's, ${threads}`;
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.append(words);
  plot.prepend(title as unknown as Node);
  text(16, 24, words, { 'font-size': '17', 'font-weight': '600' });
  const where = [report.processor, `Node ${report.node}`, `commit ${report.commit}`].filter(Boolean).join(', ');
  text(16, 43, `Right of the line flowfield is faster. ${where}`, { fill: '#66737d' });
  libraries.reduce((x, library, i) => {
    const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
    const place = { cx: String(x), cy: '60', r: '5', fill: COLORS[names[i]] };
    for (const [name, value] of Object.entries(place)) circle.setAttribute(name, value);
    plot.append(circle as unknown as Node);
    text(x + 9, 64, library);
    return x + 30 + 7 * library.length;
  }, 22);
  return `${plot.outerHTML}\n`;
}
