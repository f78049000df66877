import type { Blobs } from './blobs.ts';

export type Linkage = 'single' | 'average' | 'complete';

/** How far apart two joined clusters are from a third, from the distances of each and their sizes. */
const JOINED: Readonly<Record<Linkage, (a: number, b: number, sizeA: number, sizeB: number) => number>> = {
  single: (a, b) => Math.min(a, b),
  complete: (a, b) => Math.max(a, b),
  average: (a, b, sizeA, sizeB) => (a * sizeA + b * sizeB) / (sizeA + sizeB),
};

/** The partition of points when clusters are joined, the nearest two first, as long as they are nearer than `threshold`. */
export function linked({ points }: Blobs, linkage: Linkage, threshold: number): Int32Array {
  const n = points.length / 2;
  const distances = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (__, j) =>
      Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]),
    ),
  );
  const clusters = Array.from({ length: n }, (_, i) => [i]);
  for (;;) {
    let [best, a, b] = [threshold, -1, -1];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        if (clusters[i].length === 0 || clusters[j].length === 0 || distances[i][j] >= best) continue;
        [best, a, b] = [distances[i][j], j, i];
      }
    }
    if (a < 0) break;
    for (let k = 0; k < n; k++) {
      const joined = JOINED[linkage](distances[a][k], distances[b][k], clusters[a].length, clusters[b].length);
      distances[a][k] = joined;
      distances[k][a] = joined;
    }
    clusters[a].push(...clusters[b]);
    clusters[b] = [];
  }
  const labels = new Int32Array(n);
  clusters.forEach((members, cluster) => {
    for (const member of members) labels[member] = cluster;
  });
  return labels;
}
