import type { Scheduler } from '@flowfield/paths';
import type { GuidedFields } from '@flowfield/samplers';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture, ringParts } from '../mixtures/gaussianMixture.ts';

export const CLASSES = 8;
const parts = ringParts({ count: CLASSES, radius: 2, deviation: 0.3 });

/** Eight Gaussians of deviation .3 on a circle of radius 2; each is a class. */
export const ring = gaussianMixture(parts);

/** The class alone. */
const classAlone = (label: number) =>
  gaussianMixture({ weights: [1], means: [parts.means[label]], variances: [parts.variances[label]] });

/** The exact fields of a class and of all. */
export const exactFields = (scheduler: Scheduler, label: number): GuidedFields => ({
  conditional: classAlone(label).velocity(scheduler),
  unconditional: ring.velocity(scheduler),
});

/** Points with their classes, (count, 2) and (count). */
export function labelledRing(key: random.Key, count: number): { x1: Tensor; label: Tensor } {
  const [which, noise] = random.split(key);
  const label = random.randint(which, [count], 0, CLASSES);
  const x1 = random
    .normal(noise, [count, 2])
    .mul(Math.sqrt(parts.variances[0]))
    .add(tensor(parts.means as number[][]).take(label, { axis: 0 }));
  return { x1, label };
}

/** Mean radius, radial and tangential deviation of points (n, 2) that lie around the positive x axis. */
export function polarMoments(points: ArrayLike<number>): { radius: number; radial: number; tangential: number } {
  const count = points.length / 2;
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [x, y] = [points[2 * i], points[2 * i + 1]];
    sums[0] += x;
    sums[1] += y;
    sums[2] += x * x;
    sums[3] += y * y;
  }
  const [x, y, xx, yy] = sums.map((sum) => sum / count);
  return { radius: x, radial: Math.sqrt(xx - x ** 2), tangential: Math.sqrt(yy - y ** 2) };
}

/** The share of points (n, 2) that are nearer to the center of the class than to others. */
export function shareOf(label: number, points: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < points.length; i += 2) {
    const turns = Math.atan2(points[i + 1], points[i]) / (2 * Math.PI);
    if ((Math.round(turns * CLASSES) + CLASSES) % CLASSES === label) right++;
  }
  return right / (points.length / 2);
}
