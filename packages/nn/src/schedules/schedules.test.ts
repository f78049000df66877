import * as ff from '@flowfield/tensor-webgpu';
import { tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  joinedSchedule,
  linearSchedule,
  piecewiseSchedule,
  type Schedule,
  warmupCosineSchedule,
} from '../index.ts';

const STEPS = [0, 1, 5, 10, 37, 100, 150];
/** Values at `STEPS`, by Optax 0.2.8 in float64 where it has the schedule. */
const schedules: [name: string, schedule: Schedule, expected: number[]][] = [
  ['constant', constantSchedule(0.25), Array(7).fill(0.25)],
  [
    'cosine',
    cosineSchedule({ initial: 2, steps: 100, final: 0.1 }),
    [2, 1.999531232347445, 1.988303923565381, 1.953503690480396, 1.4272904961030415, 0.1, 0.1],
  ],
  [
    'warmupCosine',
    warmupCosineSchedule({ initial: 0.1, peak: 2, warmupSteps: 10, steps: 100, final: 0.2 }),
    [0.1, 0.29, 1.05, 2, 1.6290067270632258, 0.2, 0.2],
  ],
  [
    'warmupCosine without a warm-up',
    warmupCosineSchedule({ initial: 0.1, peak: 2, warmupSteps: 0, steps: 100, final: 0.2 }),
    [2, 1.9995559043291584, 1.988919506535624, 1.9559508646656383, 1.4574331015713025, 0.2, 0.2],
  ],
  ['linear', linearSchedule({ initial: 2, final: 0.5, steps: 10 }), [2, 1.85, 1.25, 0.5, 0.5, 0.5, 0.5]],
  [
    'joined',
    joinedSchedule([
      [0, linearSchedule({ initial: 0, final: 1, steps: 10 })],
      [10, cosineSchedule({ initial: 1, steps: 54 })],
      [100, constantSchedule(-1)],
    ]),
    [0, 0.1, 0.5, 1, 0.5, -1, -1],
  ],
  [
    'exponential',
    exponentialSchedule({ initial: 2, rate: 0.5, steps: 10 }),
    [2, 1.8660659830736148, Math.SQRT2, 1, 0.1538930516681145, 0.001953125, 6.103515625e-5],
  ],
  [
    'staircase',
    exponentialSchedule({ initial: 2, rate: 0.5, steps: 10, staircase: true, final: 0.01 }),
    [2, 2, 2, 1, 0.25, 0.01, 0.01],
  ],
  [
    'piecewise',
    piecewiseSchedule({
      initial: 3,
      boundaries: [
        [5, 2],
        [100, 1],
      ],
    }),
    [3, 3, 2, 2, 2, 1, 1],
  ],
];

describe.each(ff.devices())('schedules on %s', (device) => {
  it.each(schedules)('%s has its values, traced', (_name, schedule, expected) => {
    const jitted = ff.jit(schedule);
    const got = STEPS.map((step) => jitted(tensor(step, { dtype: 'i32', device })).item());
    expect(got).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  });
});

it('takes a number too', () => {
  expect(cosineSchedule({ initial: 2, steps: 100 })(50).item()).toBeCloseTo(1, 6);
});

it('names options outside their range', () => {
  expect(() => cosineSchedule({ initial: 1, steps: 0 })).toThrow(/steps must be a whole number of at least 1, got 0/);
  expect(() => warmupCosineSchedule({ peak: 1, warmupSteps: 10, steps: 10 })).toThrow(/at least 11, got 10/);
  expect(() => exponentialSchedule({ initial: 1, rate: 0 })).toThrow(/rate must be positive and finite, got 0/);
  expect(() =>
    piecewiseSchedule({
      initial: 1,
      boundaries: [
        [5, 1],
        [5, 2],
      ],
    }),
  ).toThrow(/must increase, got 5 after 5/);
});
