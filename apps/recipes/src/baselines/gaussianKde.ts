import { gatherRows } from '@flowfield/datasets';
import type { Work } from '../work.ts';

export interface GaussianKde {
  /** Log densities of the queries, in nats. */
  readonly logDensity: Float64Array;
  readonly validationNll: number;
  readonly bandwidth: number;
}

/** Most points that carry kernels, and that choose their width: the cost grows with the product. */
const MOST_KERNELS = 10_000;
const MOST_CHOOSING = 500;
/** Widths to choose from: from the diameter of standardised data to where rounding begins. */
const WIDTHS = Array.from({ length: 25 }, (_, i) => 2 * 10 ** (-i / 8));
/** Queries between two looks at the signal. */
const QUERIES = 64;

/**
 * The Gaussian kernel density on `train` at `queries`, its width chosen on `validation`:
 *
 *   p(x) = (1/n) Σ_i N(x; x_i, h² I).
 *
 * @param train, validation, queries points of R^width, row-major (n, width), of about unit variance; rows in no order
 */
export async function gaussianKde(
  points: { readonly train: Float64Array; readonly validation: Float64Array; readonly queries: Float64Array },
  width: number,
  work: Work,
): Promise<GaussianKde> {
  const carriers = evenly(points.train, MOST_KERNELS, width);
  const choosing = evenly(points.validation, MOST_CHOOSING, width);
  const count = carriers.length / width;
  const scores = new Float64Array(WIDTHS.length);
  const queries = points.queries.length / width;
  const total = choosing.length / width + queries;
  const distances = new Float64Array(count);
  const look = async (done: number): Promise<void> => {
    if (done % QUERIES !== 0) return;
    work.progress('kernel', done, total);
    await new Promise((resolve) => setTimeout(resolve));
    work.signal.throwIfAborted();
  };
  for (let q = 0; q < choosing.length / width; q++) {
    await look(q);
    squaredDistances(choosing, q, carriers, width, distances);
    WIDTHS.forEach((h, i) => {
      scores[i] -= logKernelMean(distances, h, width);
    });
  }
  const best = scores.reduce((least, score, i) => (score < scores[least] ? i : least), 0);
  const logDensity = new Float64Array(queries);
  for (let q = 0; q < queries; q++) {
    await look(total - queries + q);
    squaredDistances(points.queries, q, carriers, width, distances);
    logDensity[q] = logKernelMean(distances, WIDTHS[best], width);
  }
  work.progress('kernel', total, total);
  return { logDensity, validationNll: (scores[best] * width) / choosing.length, bandwidth: WIDTHS[best] };
}

function squaredDistances(
  queries: Float64Array,
  q: number,
  points: Float64Array,
  width: number,
  into: Float64Array,
): void {
  for (let i = 0; i < into.length; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (queries[q * width + j] - points[i * width + j]) ** 2;
    into[i] = sum;
  }
}

/** ln of the mean of N(d; 0, h² I) over distances d, given squared. */
function logKernelMean(squares: Float64Array, h: number, width: number): number {
  let least = Infinity;
  for (const square of squares) least = Math.min(least, square);
  let sum = 0;
  for (const square of squares) sum += Math.exp((least - square) / (2 * h * h));
  return Math.log(sum / squares.length) - least / (2 * h * h) - (width / 2) * Math.log(2 * Math.PI * h * h);
}

/** At most `most` rows, evenly spread. */
function evenly(points: Float64Array, most: number, width: number): Float64Array {
  const rows = points.length / width;
  if (rows <= most) return points;
  return gatherRows(
    points,
    Array.from({ length: most }, (_, i) => Math.floor((i * rows) / most)),
    width,
  );
}
