import { random } from '@flowfield/tensor-webgpu';

/** Points of the plane that belong to blobs. */
export interface Blobs {
  /** x and y in turn. */
  readonly points: Float64Array;
  /** The blob of each point. */
  readonly labels: Int32Array;
}

export const MOST_POINTS = 24;
const LEAST_POINTS = 12;
const [LEAST_BLOBS, MOST_BLOBS] = [2, 6];
/** Least distance of two centers. */
const APART = 0.25;

/**
 * Sets of 12 to 24 points around 2 to 6 centers of [.1, .9]² that are at least .25 apart, with one deviation a set, uniform in
 * [.03, .06]: two points for each blob, the others at random, in random order.
 */
export function drawnBlobs(count: number, key: random.Key): Blobs[] {
  const draws = stream(key);
  return Array.from({ length: count }, () => {
    const blobs = LEAST_BLOBS + Math.floor(draws() * (MOST_BLOBS - LEAST_BLOBS + 1));
    const n = LEAST_POINTS + Math.floor(draws() * (MOST_POINTS - LEAST_POINTS + 1));
    const deviation = 0.03 + 0.03 * draws();
    const centers = apartCenters(blobs, draws);
    const labels = Int32Array.from({ length: n }, (_, i) => (i < 2 * blobs ? i % blobs : Math.floor(draws() * blobs)));
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(draws() * (i + 1));
      [labels[i], labels[j]] = [labels[j], labels[i]];
    }
    const points = Float64Array.from(
      { length: 2 * n },
      (_, i) => centers[labels[i >> 1]][i & 1] + deviation * normal(draws),
    );
    return { points, labels };
  });
}

function apartCenters(count: number, draws: () => number): number[][] {
  for (;;) {
    const centers = Array.from({ length: count }, () => [0.1 + 0.8 * draws(), 0.1 + 0.8 * draws()]);
    const far = centers.every(([x, y], i) => centers.slice(0, i).every(([u, v]) => Math.hypot(x - u, y - v) >= APART));
    if (far) return centers;
  }
}

/** Box and Muller. */
const normal = (draws: () => number): number => Math.sqrt(-2 * Math.log(1 - draws())) * Math.cos(2 * Math.PI * draws());

/** Uniform numbers in [0, 1) without end, drawn many at a time. */
function stream(key: random.Key): () => number {
  const size = 100_000;
  let [block, at] = [0, size];
  let values: ArrayLike<number | bigint> = [];
  return () => {
    if (at === size) {
      values = random.uniform(random.foldIn(key, block++), [size], { dtype: 'f64' }).dataSync();
      at = 0;
    }
    return Number(values[at++]);
  };
}
