import {
  condOTScheduler,
  cosineScheduler,
  type DataSeparation,
  kineticOptimalScheduler,
  type Scheduler,
  schedulerAt,
} from '@flowfield/paths';
import type { Metric } from '../part.ts';

/** The schedules that are compared, by the letters of their figures. */
export type ScheduleName = 'Ko' | 'Ot' | 'Cosine';

export const scheduleNames: readonly ScheduleName[] = ['Ko', 'Ot', 'Cosine'];

export const scheduleWords: Readonly<Record<ScheduleName, string>> = {
  Ko: 'kinetic-optimal',
  Ot: 'CondOT',
  Cosine: 'cosine',
};

export const schedulesFor = (separation: DataSeparation): Readonly<Record<ScheduleName, Scheduler>> => ({
  Ko: kineticOptimalScheduler(separation),
  Ot: condOTScheduler(),
  Cosine: cosineScheduler(),
});

/** α' of the kinetic-optimal schedule is infinite at 0: all samplers start here, from N(0, (α² + σ²) I). */
const FIRST_TIME = 0.01;

/** The root mean square of a coordinate of x at the first time. */
export function startScale(scheduler: Scheduler): number {
  const { alphaT, sigmaT } = schedulerAt(scheduler, FIRST_TIME);
  return Math.hypot(alphaT.item(), sigmaT.item());
}

/** Equal steps from `FIRST_TIME` to 1. */
export const fewSteps = (count: number): number[] =>
  Array.from({ length: count + 1 }, (_, i) => (i === count ? 1 : FIRST_TIME + ((1 - FIRST_TIME) * i) / count));

/** The distance to the data of each schedule after each number of evaluations, and that of two samples of the data. */
export const distanceMetrics = (evaluations: readonly number[]): Metric[] => [
  ...scheduleNames.flatMap((name) =>
    evaluations.map(
      (count): Metric => ({
        name: `w1${name}${count}`,
        label: `sliced W1, ${scheduleWords[name]}, ${count} evaluations`,
        digits: 4,
        ...(name !== 'Ko' && { baseline: true }),
      }),
    ),
  ),
  { name: 'floor', label: 'sliced W1 of two samples of the data', baseline: true, digits: 4 },
];
