import type { ScaleOptions } from '@observablehq/plot';
import { logUniform } from '../baselines/uniform.ts';
import type { DensityGrid } from './earthGrid.ts';
import { PictureError } from './pictureError.ts';

/** Light to dark with evenly falling lightness, so that equal steps of density look equal. */
const RAMP = ['#f6f8f4', '#d5e8e0', '#a9d3d0', '#73b6c3', '#4392b4', '#2d6b9d', '#2a447a', '#221f4c'];
/** Densities this many nats below the highest are shown alike: a factor of 3,000. */
const SHOWN_RANGE = 8;
/** The first that covers the range with at most 20 bands. */
const BAND_STEPS = [0.1, 0.2, 0.5];
const MOST_BANDS = 20;

/** How a log density becomes color bands. Values are nats above the uniform density. */
export interface DensityScale {
  /** The grid, relative to uniform. */
  grid: DensityGrid;
  /** Lower ends of the bands, ascending; the last band ends at `upper`. */
  thresholds: number[];
  upper: number;
  step: number;
  /** Moves a value into the shown range. */
  clamp(value: number): number;
  color: ScaleOptions;
}

/**
 * Bands of a log density relative to uniform, `log p + log 4 pi`: from the highest value down to the lowest,
 * at most 8 nats, in round steps.
 *
 * @throws PictureError when the size is wrong or a value is NaN or +Infinity
 */
export function densityScale({ rows, columns, logDensity }: DensityGrid): DensityScale {
  if (!(rows >= 2 && columns >= 2) || logDensity.length !== rows * columns) {
    throw new PictureError(
      `densityScale: expected rows * columns values with at least 2 of each, given ${logDensity.length} values for ${rows} x ${columns}. Evaluate the density at the points of earthGrid(rows, columns).`,
    );
  }
  const relative = Float64Array.from(logDensity, (value) => value - logUniform);
  let highest = -Infinity;
  let lowest = Infinity;
  for (const value of relative) {
    // A density may be zero somewhere (-Infinity), but not everywhere, and it is never infinite.
    if (Number.isNaN(value) || value === Infinity) {
      throw new PictureError(
        `densityScale: expected log densities below infinity, given ${value}. Check the likelihood of the model.`,
      );
    }
    if (value > highest) highest = value;
    if (value < lowest) lowest = value;
  }
  if (highest === -Infinity) {
    throw new PictureError(
      'densityScale: expected a positive density somewhere, given zero everywhere. Check the likelihood of the model.',
    );
  }
  const bottom = Math.max(lowest, highest - SHOWN_RANGE);
  const step = BAND_STEPS.find((candidate) => (highest - bottom) / candidate <= MOST_BANDS)!;
  const first = Math.floor(bottom / step);
  const last = Math.max(Math.ceil(highest / step), first + 2);
  const thresholds = Array.from({ length: last - first }, (_, i) => (first + i) * step);
  const lower = first * step;
  const upper = last * step;
  const topBand = upper - step;
  return {
    grid: { rows, columns, logDensity: relative },
    thresholds,
    upper,
    step,
    clamp: (value) => Math.min(Math.max(value, lower), upper),
    color: {
      type: 'linear',
      domain: RAMP.map((_, i) => lower + ((topBand - lower) * i) / (RAMP.length - 1)),
      range: RAMP,
      interpolate: 'lab',
      clamp: true,
    },
  };
}
