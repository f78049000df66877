import type { Domain } from '../pictures/panels/points.ts';

/** Cell centers of a square grid around the origin, row by row from the top left, and the domain that they cover. */
export function planeGrid({ extent, cells }: { extent: number; cells: number }): {
  points: Float64Array;
  domain: Domain;
  size: { rows: number; columns: number };
} {
  const center = (i: number): number => -extent + (2 * extent * (i + 0.5)) / cells;
  const points = new Float64Array(2 * cells * cells);
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      points[2 * (row * cells + column)] = center(column);
      points[2 * (row * cells + column) + 1] = -center(row);
    }
  }
  return { points, domain: { x: [-extent, extent], y: [-extent, extent] }, size: { rows: cells, columns: cells } };
}
