import { random } from '@flowfield/tensor-webgpu';
import Delaunator from 'delaunator';

/** Points of the unit square, x and y in turn, and a graph on them as a row-major matrix of 0 and 1. */
export interface PlanarSet {
  readonly points: Float64Array;
  readonly edges: Uint8Array;
}

export type PlanarTask = 'delaunay' | 'hull' | 'neighbors';

const NEIGHBORS = 3;

/** Sets of n uniform points with the graph that is to be learned. */
export function planarSets(task: PlanarTask, count: number, n: number, key: random.Key): PlanarSet[] {
  // Rounded to f32, which is what a network sees.
  const drawn = random.uniform(key, [count, 2 * n]).dataSync();
  return Array.from({ length: count }, (_, set) => {
    const points = Float64Array.from(drawn.subarray(2 * n * set, 2 * n * (set + 1)), Number);
    return { points, edges: GRAPHS[task](points) };
  });
}

const GRAPHS: Readonly<Record<PlanarTask, (points: Float64Array) => Uint8Array>> = {
  delaunay: delaunayGraph,
  hull: (points) => {
    const { hull } = new Delaunator(points);
    return matrix(
      points.length / 2,
      Array.from(hull, (node, i) => [node, hull[(i + 1) % hull.length]]),
    );
  },
  neighbors: (points) => matrix(points.length / 2, nearestPairs(points, NEIGHBORS), false),
};

/** The edges of the Delaunay triangulation, in float64 with an exact predicate. */
function delaunayGraph(points: Float64Array): Uint8Array {
  const { triangles } = new Delaunator(points);
  const corners = Array.from({ length: triangles.length / 3 }, (_, i) => triangles.subarray(3 * i, 3 * i + 3));
  return matrix(
    points.length / 2,
    corners.flatMap(([a, b, c]) => [
      [a, b],
      [b, c],
      [c, a],
    ]),
  );
}

/** Points that are joined where no other point lies inside the circle on their segment as diameter. */
export function gabrielGraph(points: Float64Array): Uint8Array {
  const n = points.length / 2;
  const near = (i: number, j: number) => squaredDistance(points, i, j);
  const pairs: number[][] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const empty = Array.from({ length: n }, (_, k) => k).every(
        (k) => k === i || k === j || near(i, k) + near(j, k) >= near(i, j),
      );
      if (empty) pairs.push([i, j]);
    }
  }
  return matrix(n, pairs);
}

/** Points joined where either is among the k nearest of the other. */
export const nearestGraph = (points: Float64Array, k: number): Uint8Array =>
  matrix(points.length / 2, nearestPairs(points, k));

/** 2 TP / (2 TP + FP + FN) beside the diagonal. */
export function graphF1(said: Uint8Array, truth: Uint8Array): number {
  let [right, total] = [0, 0];
  for (let at = 0; at < said.length; at++) {
    right += said[at] & truth[at];
    total += said[at] + truth[at];
  }
  return total === 0 ? 1 : (2 * right) / total;
}

/** [i, j] with j among the k nearest of i. */
function nearestPairs(points: Float64Array, k: number): number[][] {
  const n = points.length / 2;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, j) => j)
      .filter((j) => j !== i)
      .sort((a, b) => squaredDistance(points, i, a) - squaredDistance(points, i, b))
      .slice(0, k)
      .map((j) => [i, j]),
  ).flat();
}

const squaredDistance = (points: Float64Array, i: number, j: number): number =>
  (points[2 * i] - points[2 * j]) ** 2 + (points[2 * i + 1] - points[2 * j + 1]) ** 2;

function matrix(n: number, pairs: readonly (readonly number[])[], both = true): Uint8Array {
  const edges = new Uint8Array(n * n);
  for (const [i, j] of pairs) {
    edges[i * n + j] = 1;
    if (both) edges[j * n + i] = 1;
  }
  return edges;
}
