import type { PointTable } from '@flowfield/datasets';
import { random } from '@flowfield/tensor-webgpu';
import { RecipeError } from '../errors.ts';

export const moonsName = 'moons';
const COUNT = 4000;
const NOISE = 0.1;
const COLUMN = 'moon';

/** Two half circles that reach into each other, with noise; the column `moon` says which. */
export function moons(label: string): PointTable {
  if (label !== '' && label !== COLUMN) {
    throw new RecipeError(`${moonsName}: expected label ${COLUMN}, the only column of classes, given '${label}'`);
  }
  const [angleKey, noiseKey] = random.split(random.key(2011, { device: 'cpu' }));
  const angle = random.uniform(angleKey, [COUNT]).dataSync();
  const noise = random.normal(noiseKey, [COUNT, 2]).dataSync();
  const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 2);
  const points = new Float64Array(2 * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const [x, y] = [Math.cos(Math.PI * angle[i]), Math.sin(Math.PI * angle[i])];
    points[2 * i] = (labels[i] === 0 ? x : 1 - x) + NOISE * noise[2 * i];
    points[2 * i + 1] = (labels[i] === 0 ? y : 0.5 - y) + NOISE * noise[2 * i + 1];
  }
  const table = { points, count: COUNT, dimension: 2, names: ['x', 'y'] };
  return label === '' ? table : { ...table, labels, classes: ['0', '1'] };
}
