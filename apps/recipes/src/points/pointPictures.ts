import type { Panel } from '../pictures/figure.ts';
import { figure } from '../pictures/figure.ts';
import type { Domain } from '../pictures/panels/points.ts';

export interface CloudWords {
  readonly title: string;
  readonly subtitle: string;
  readonly caption: string;
}

/** Coordinates that pair plots show: 4 make 6 pairs. */
const MOST_COORDINATES = 4;
/** Bars of a histogram. */
const BINS = 40;
const SHOWN = 4000;
const SAMPLE_COLOR = '#e0246a';

/** Points of the data and of the model, row-major (n, dimension) in one unit, and the names of coordinates. */
export interface Clouds {
  readonly data: Float64Array;
  readonly samples: Float64Array;
  readonly names: readonly string[];
}

/** Data beside samples: histograms on a line, scatter plots in the plane, pairs of coordinates above. */
export function cloudFigure({ data, samples, names }: Clouds, words: CloudWords): string {
  const dimension = names.length;
  if (dimension === 1)
    return figure({ ...words, panels: [histograms(data, samples, names[0])], panelWidth: 620, aspect: 0.5 });
  const column = (points: Float64Array, j: number): Float64Array =>
    points.filter((_, k) => k % dimension === j).slice(0, SHOWN);
  const pairs: Panel[] = [];
  for (let a = 0; a < Math.min(dimension, MOST_COORDINATES); a++) {
    for (let b = a + 1; b < Math.min(dimension, MOST_COORDINATES); b++) {
      const domain: Domain = { x: reach(column(data, a)), y: reach(column(data, b)) };
      const places = (points: Float64Array): Float64Array => interleaved(column(points, a), column(points, b));
      const title = `${names[a]}, ${names[b]}`;
      const [own, drawn] = [{ points: places(data) }, { points: places(samples), color: SAMPLE_COLOR }];
      if (dimension === 2) {
        pairs.push({ kind: 'points', title: `data: ${title}`, domain, series: [own] });
        pairs.push({ kind: 'points', title: `samples: ${title}`, domain, series: [drawn] });
      } else pairs.push({ kind: 'points', title, domain, series: [own, drawn] });
    }
  }
  return figure({ ...words, panels: pairs, columns: Math.min(pairs.length, 3) });
}

function histograms(data: Float64Array, samples: Float64Array, name: string): Panel {
  const [low, high] = reach(data);
  const width = (high - low) / BINS;
  const counts = (points: Float64Array): number[] => {
    const bins = Array<number>(BINS).fill(0);
    for (const point of points) {
      const bin = Math.floor((point - low) / width);
      if (bin >= 0 && bin < BINS) bins[bin] += 1 / (points.length * width);
    }
    return bins;
  };
  const x = Array.from({ length: BINS }, (_, i) => low + (i + 0.5) * width);
  return {
    kind: 'lines',
    x: { label: name },
    y: { label: 'density' },
    series: [
      { label: 'data', x, y: counts(data) },
      { label: 'samples', x, y: counts(samples) },
    ],
  };
}

/** From the least to the greatest, and a little more. */
function reach(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const edge = 0.06 * (high - low);
  return [low - edge, high + edge];
}

function interleaved(x: Float64Array, y: Float64Array): Float64Array {
  return Float64Array.from({ length: 2 * x.length }, (_, k) => (k % 2 === 0 ? x : y)[Math.floor(k / 2)]);
}
