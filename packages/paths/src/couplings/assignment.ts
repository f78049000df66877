import type { TensorLike } from '@flowfield/tensor-webgpu';
import { TransportError } from '../errors.ts';
import { hostCost } from './costMatrix.ts';

/** The cheapest one-to-one matching. */
export interface Assignment {
  /** For each row its column, or -1 where there are more rows than columns and this one is left out. */
  readonly columns: Int32Array;
  /** The sum of the costs of the pairs. */
  readonly cost: number;
}

/**
 * The exact solution of the linear assignment problem, min Σ_i C[i, π(i)], for costs (rows, columns) that need not be
 * square: min(rows, columns) pairs are made. `Infinity` forbids a pair. It works in double precision on the host, in
 * O(min² max) time by shortest augmenting paths.
 *
 * Source: Jonker and Volgenant 1987; Crouse 2016, "On implementing 2D rectangular assignment algorithms".
 * @throws TransportError for costs of another shape, NaN, or when no complete matching avoids the forbidden pairs.
 */
export function assignment(cost: TensorLike): Assignment {
  const given = hostCost('assignment', cost ?? []);
  const { rows, columns } = given;
  const wide = rows <= columns;
  const at: (i: number, j: number) => number = wide
    ? (i, j) => given.data[i * columns + j]
    : (i, j) => given.data[j * columns + i];
  const match = wide ? shortestPaths(rows, columns, at) : shortestPaths(columns, rows, at);
  const result = new Int32Array(rows).fill(-1);
  let total = 0;
  match.forEach((j, i) => {
    result[wide ? i : j] = wide ? j : i;
    total += at(i, j);
  });
  return { columns: result, cost: total };
}

/** For each of n rows its column of m >= n, by one Dijkstra search per row on reduced costs. */
function shortestPaths(n: number, m: number, cost: (i: number, j: number) => number): Int32Array {
  const rowPrice = new Float64Array(n);
  const columnPrice = new Float64Array(m);
  const columnOf = new Int32Array(n).fill(-1);
  const rowOf = new Int32Array(m).fill(-1);
  const previous = new Int32Array(m);
  for (let start = 0; start < n; start++) {
    const distance = new Float64Array(m).fill(Number.POSITIVE_INFINITY);
    const done = new Uint8Array(m);
    const visited = [start];
    let row = start;
    let shortest = 0;
    let sink = -1;
    while (sink < 0) {
      let next = -1;
      for (let j = 0; j < m; j++) {
        if (done[j]) continue;
        const through = shortest + cost(row, j) - rowPrice[row] - columnPrice[j];
        if (through < distance[j]) {
          distance[j] = through;
          previous[j] = row;
        }
        // Among equal ones a free column ends the search.
        if (next < 0 || distance[j] < distance[next] || (distance[j] === distance[next] && rowOf[j] < 0)) next = j;
      }
      if (next < 0 || distance[next] === Number.POSITIVE_INFINITY) {
        throw new TransportError(
          'assignment: every complete matching uses a forbidden pair (cost Infinity). Allow more pairs, or check the labels on both sides.',
        );
      }
      shortest = distance[next];
      done[next] = 1;
      if (rowOf[next] < 0) sink = next;
      else {
        row = rowOf[next];
        visited.push(row);
      }
    }
    rowPrice[start] += shortest;
    for (const i of visited.slice(1)) rowPrice[i] += shortest - distance[columnOf[i]];
    for (let j = 0; j < m; j++) if (done[j]) columnPrice[j] -= shortest - distance[j];
    for (let j = sink; ; ) {
      const i = previous[j];
      rowOf[j] = i;
      const before = columnOf[i];
      columnOf[i] = j;
      if (i === start) break;
      j = before;
    }
  }
  return columnOf;
}
