import { writeNpy } from '@flowfield/tensor-webgpu';
import type { WriteFile } from '../pictures/writePicture.ts';
import { runFiles } from './runFolder.ts';

/** Digits after the point in the CSV file; of a degree on the Earth, about 10 centimeters. */
const DIGITS = 6;

/** The name of samples drawn later: another than that of the run's own, and one for each seed, count and solver. */
export const drawnSamples = ({ seed, count, odeSteps }: { seed: number; count: number; odeSteps?: number }): string =>
  [runFiles.samples, seed, count, ...(odeSteps === undefined ? [] : [`steps${odeSteps}`])].join('-');

/** Samples of an experiment, and how they look in a table. */
export interface DrawnSamples {
  /** Row-major (count, width). */
  readonly data: Float64Array;
  readonly width: number;
  readonly table: Readonly<Record<string, ArrayLike<number>>>;
}

/** Writes samples as `<name>.npy` (float64, shape (n, width)) and `<name>.csv` (the columns of their table). */
export async function writeSamples(
  write: WriteFile,
  name: string,
  { data, width, table }: DrawnSamples,
): Promise<void> {
  const count = data.length / width;
  await write(`${name}.npy`, writeNpy({ shape: [count, width], data }));
  const columns = Object.values(table);
  const rows = Array.from({ length: count }, (_, i) => columns.map((column) => column[i].toFixed(DIGITS)).join(','));
  await write(`${name}.csv`, `${Object.keys(table).join(',')}\n${rows.join('\n')}\n`);
}
