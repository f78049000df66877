import { latLonToUnit } from '@flowfield/datasets';

/** Log densities at the cell centers of an {@link EarthGrid}, in its order. */
export interface DensityGrid {
  rows: number;
  columns: number;
  /** Natural log of the density per steradian, row-major (rows, columns), north to south and west to east. */
  logDensity: ArrayLike<number>;
}

/** Cell centers of an even grid in latitude and longitude. */
export interface EarthGrid {
  rows: number;
  columns: number;
  /** Unit vectors, row-major (rows * columns, 3). */
  points: Float64Array;
}

/** The cell centers at which a density for {@link earthMap} is evaluated: north to south, west to east from the date line. */
export function earthGrid(rows = 180, columns = 360): EarthGrid {
  const count = rows * columns;
  const latitude = Float64Array.from({ length: count }, (_, k) => 90 - (180 * (Math.floor(k / columns) + 0.5)) / rows);
  const longitude = Float64Array.from({ length: count }, (_, k) => -180 + (360 * ((k % columns) + 0.5)) / columns);
  return { rows, columns, points: latLonToUnit(latitude, longitude) };
}

/** Bilinear interpolation of a grid at a place in degrees; longitudes wrap, latitudes stop at the outermost centers. */
export function interpolateGrid(
  { rows, columns, logDensity }: DensityGrid,
  latitude: number,
  longitude: number,
): number {
  const row = Math.min(Math.max(((90 - latitude) / 180) * rows - 0.5, 0), rows - 1);
  const column = ((longitude + 180) / 360) * columns - 0.5;
  const top = Math.min(Math.floor(row), rows - 2);
  const left = Math.floor(column);
  const down = row - top;
  const right = column - left;
  const at = (i: number, j: number) => logDensity[i * columns + (((j % columns) + columns) % columns)]!;
  const upper = at(top, left) * (1 - right) + at(top, left + 1) * right;
  const lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right;
  return upper * (1 - down) + lower * down;
}
