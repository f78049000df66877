import type { random } from '@flowfield/tensor-webgpu';
import Delaunator from 'delaunator';
import { planarSets } from './planarGraphs.ts';

const POINTS = 20;
const TOLERANCE = 1e-12;

/**
 * Random sets whose triangulation has more than 3 n - 6 edges, a point inside the circle of a triangle, a hull edge that is not
 * there, or not the number of edges that Euler's formula gives.
 */
export const delaunayFaults = (count: number, key: random.Key): number =>
  planarSets('delaunay', count, POINTS, key).filter(({ points, edges }) => !lawful(points, edges)).length;

function lawful(points: Float64Array, edges: Uint8Array): boolean {
  const { triangles, hull } = new Delaunator(points);
  const found = edges.reduce((sum, one) => sum + one, 0) / 2;
  if (found > 3 * POINTS - 6 || found !== 3 * POINTS - 3 - hull.length) return false;
  if (!Array.from(hull).every((node, i) => edges[node * POINTS + hull[(i + 1) % hull.length]] === 1)) return false;
  for (let at = 0; at < triangles.length; at += 3) {
    const corners = triangles.subarray(at, at + 3);
    for (let point = 0; point < POINTS; point++) {
      if (!corners.includes(point) && inside(points, corners, point)) return false;
    }
  }
  return true;
}

/** Whether a point lies inside the circle through three others, by more than rounding: the sign of the incircle determinant. */
function inside(points: Float64Array, [a, b, c]: Uint32Array, point: number): boolean {
  const [x, y] = [points[2 * point], points[2 * point + 1]];
  const rows = [a, b, c].map((corner) => [points[2 * corner] - x, points[2 * corner + 1] - y]);
  const lifts = rows.map(([u, v]) => u * u + v * v);
  const minor = (i: number, j: number) => rows[i][0] * rows[j][1] - rows[j][0] * rows[i][1];
  const terms = [lifts[0] * minor(1, 2), -lifts[1] * minor(0, 2), lifts[2] * minor(0, 1)];
  const area =
    rows[0][0] * (rows[1][1] - rows[2][1]) +
    rows[1][0] * (rows[2][1] - rows[0][1]) +
    rows[2][0] * (rows[0][1] - rows[1][1]);
  const determinant = (terms[0] + terms[1] + terms[2]) * Math.sign(area);
  return determinant > TOLERANCE * (Math.abs(terms[0]) + Math.abs(terms[1]) + Math.abs(terms[2]));
}
