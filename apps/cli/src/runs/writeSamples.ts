import { join } from 'node:path';
import { unitToLatLon } from '@flowfield/datasets';
import { writeNpy } from '@flowfield/tensor-webgpu';
import { runFiles, writeWhole } from './runFolder.ts';

/** Digits after the point of a degree in the CSV file: about 10 centimeters. */
const DEGREE_DIGITS = 6;

/** The name of samples drawn later: another than that of the run's own, and one for each seed, count and solver. */
export const drawnSamples = ({ seed, count, odeSteps }: { seed: number; count: number; odeSteps?: number }): string =>
  [runFiles.samples, seed, count, ...(odeSteps === undefined ? [] : [`steps${odeSteps}`])].join('-');

/**
 * Writes points of the sphere as `<folder>/<name>.npy` (float64, shape (n, 3), unit vectors) and `<name>.csv` (latitude and
 * longitude in degrees).
 *
 * @returns the two paths
 */
export async function writeSamples(
  folder: string,
  name: string,
  points: Float64Array,
): Promise<{ npy: string; csv: string }> {
  const paths = { npy: join(folder, `${name}.npy`), csv: join(folder, `${name}.csv`) };
  await writeWhole(paths.npy, writeNpy({ shape: [points.length / 3, 3], data: points }));
  const { latitude, longitude } = unitToLatLon(points);
  const rows = Array.from(
    latitude,
    (value, i) => `${value.toFixed(DEGREE_DIGITS)},${longitude[i].toFixed(DEGREE_DIGITS)}`,
  );
  await writeWhole(paths.csv, `latitude,longitude\n${rows.join('\n')}\n`);
  return paths;
}
