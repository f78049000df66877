import { gatherRows } from '@flowfield/datasets';
import type { Work } from '../work.ts';
import { fitVonMisesFisherKde } from './vonMisesFisherKde.ts';

/** Most events that carry kernels, and that choose their width: the cost grows with the product. */
const MOST_KERNELS = 20_000;
const MOST_CHOOSING = 2_000;
/** Queries between two looks at the signal: some milliseconds of work. */
const QUERIES = 128;

export interface KernelBaseline {
  /** Log densities of the queries, in nats. */
  readonly logDensity: Float64Array;
  readonly validationNll: number;
  readonly kappa: number;
  readonly uniformWeight: number;
  /** Events that carry kernels, where they are not all. */
  readonly sampled?: number;
}

/**
 * The von Mises-Fisher kernel density on `train` at `queries`, its width and uniform share chosen on `validation`. Of more
 * than 20,000 training events (2,000 for the choice) evenly spread ones are taken. Tells how far it is and stops when asked.
 *
 * @param train, validation, queries unit vectors, row-major (n, 3); the rows of a random split, in no order
 */
export async function kernelBaseline(
  { train, validation, queries }: { train: Float64Array; validation: Float64Array; queries: Float64Array },
  work: Work,
): Promise<KernelBaseline> {
  const title = 'kernel';
  const rows = queries.length / 3;
  work.progress(title, 0, rows);
  await turn(work);
  const carriers = evenly(train, MOST_KERNELS);
  const fitted = fitVonMisesFisherKde({ train: carriers, validation: evenly(validation, MOST_CHOOSING) });
  const logDensity = new Float64Array(rows);
  for (let start = 0; start < rows; start += QUERIES) {
    await turn(work);
    const end = Math.min(start + QUERIES, rows);
    logDensity.set(fitted.logDensity(queries.slice(3 * start, 3 * end)), start);
    work.progress(title, end, rows);
  }
  const { kappa, uniformWeight, validationNll } = fitted;
  return {
    ...{ logDensity, kappa, uniformWeight, validationNll },
    ...(carriers.length < train.length && { sampled: carriers.length / 3 }),
  };
}

/** At most `most` rows, evenly spread. */
function evenly(points: Float64Array, most: number): Float64Array {
  const rows = points.length / 3;
  if (rows <= most) return points;
  return gatherRows(
    points,
    Array.from({ length: most }, (_, i) => Math.floor((i * rows) / most)),
    3,
  );
}

/** Lets signals in. */
async function turn({ signal }: Work): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}
