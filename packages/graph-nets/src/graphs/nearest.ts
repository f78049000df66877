import { ArgumentError, checkedOptions, checkedWhole } from '@flowfield/tensor-webgpu';
import { GraphError } from '../errors.ts';
import { type Graph, graph } from './graph.ts';

export interface NearestNeighbourOptions {
  /** Coordinates of a point. */
  readonly dimension: number;
  /** Neighbours of each point, itself not counted. */
  readonly k: number;
  /** 'directed': an arc to each neighbour; 'union' (default): an edge where either is a neighbour of the other; 'mutual': where both are. */
  readonly mode?: 'directed' | 'union' | 'mutual';
}

/**
 * The graph of the k nearest neighbours by Euclidean distance, points row-major [n, dimension]; ties go to the point of the lower number. All n² distances are compared.
 * @throws GraphError for numbers that are no points of that dimension or not finite, and for a k that leaves too few points; ArgumentError for unknown options.
 */
export function nearestNeighbourGraph(points: ArrayLike<number>, options: NearestNeighbourOptions): Graph {
  const op = 'nearestNeighbourGraph';
  const { dimension, k, mode = 'union' } = checkedOptions(op, options, ['dimension', 'k', 'mode']);
  checkedWhole(`${op}: dimension`, dimension);
  if (!['directed', 'union', 'mutual'].includes(mode))
    throw new ArgumentError(`${op}: mode must be 'directed', 'union' or 'mutual', got ${String(mode)}.`);
  const n = points?.length / dimension;
  if (!Number.isInteger(n) || n < 1)
    throw new GraphError(`${op}: expected points of ${dimension} numbers each, got ${points?.length} numbers.`);
  if (!Number.isInteger(k) || k < 1 || k >= n)
    throw new GraphError(`${op}: expected k from 1 to ${n - 1} for ${n} points, got ${String(k)}.`);
  for (let i = 0; i < points.length; i++) {
    if (Number.isFinite(points[i])) continue;
    throw new GraphError(
      `${op}: expected finite coordinates, got ${points[i]} at point ${Math.floor(i / dimension)}. Remove the point first.`,
    );
  }
  const squared = (i: number, j: number): number => {
    let total = 0;
    for (let c = 0; c < dimension; c++) total += (points[i * dimension + c] - points[j * dimension + c]) ** 2;
    return total;
  };
  const neighbours = Array.from({ length: n }, (_, i) => {
    const distance = Float64Array.from({ length: n }, (__, j) => squared(i, j));
    const others = Array.from({ length: n }, (__, j) => j).filter((j) => j !== i);
    return new Set(others.sort((a, b) => distance[a] - distance[b] || a - b).slice(0, k));
  });
  const pairs = neighbours.flatMap((near, i) => [...near].map((j) => [i, j] as const));
  if (mode === 'directed') return graph({ nodes: n, edges: pairs, directed: true });
  const kept = pairs.filter(([i, j]) => {
    const back = neighbours[j].has(i);
    return mode === 'mutual' ? back && i < j : !back || i < j;
  });
  return graph({ nodes: n, edges: kept });
}
