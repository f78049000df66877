import { clip, maximum, type Tensor, take, where } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import type { FloatType } from './state.ts';

/** Where the next step has to end at the latest. */
export interface Stop {
  readonly time: Tensor;
  /** Its distance from t0. */
  readonly offset: Tensor;
  /** Whether f jumps there. */
  readonly jumps: Tensor | null;
  /** It is the end of the solve. */
  readonly isEnd: Tensor | null;
}

/** The first stop beyond a distance from t0, in the direction of the solve. */
export function stopAfter(clock: Clock, offset: Tensor, forward: Tensor): Stop {
  const { stops, t1, span } = clock;
  if (!stops) return { time: t1, offset: span, jumps: null, isEnd: null };
  const ahead = stops.offsets.mul(forward);
  const beyond = ahead.greater(offset.mul(forward)).logicalAnd(ahead.lessEqual(span.abs()));
  const last = stops.offsets.shape[0] - 1;
  const nearest = where(beyond, ahead, Number.POSITIVE_INFINITY).argmin();
  const index = where(beyond.any(), nearest, last);
  const goal = take(stops.offsets, index);
  return {
    time: take(stops.times, index),
    offset: goal,
    jumps: ahead.equal(goal.mul(forward)).logicalAnd(stops.jumps.greater(0)).any(),
    isEnd: goal.mul(forward).greaterEqual(span.abs()),
  };
}

/** Whether f jumps at t0 itself. */
export const jumpsAtStart = (clock: Clock): Tensor | null =>
  clock.stops?.offsets.equal(0).logicalAnd(clock.stops.jumps.greater(0)).any() ?? null;

const spacing = { f32: 2 ** -23, f64: 2 ** -52 };
const tiny = { f32: 2 ** -126, f64: 2 ** -1022 };

/** The time a little before or after t: on which side of a jump f is to be looked at. */
export const besides = (t: Tensor, direction: Tensor, dtype: FloatType): Tensor =>
  t.add(maximum(t.abs().mul(spacing[dtype]), tiny[dtype]).mul(direction));

/** Smallest steps: 16 units in the last place of the distance from t0. */
export const smallestStep = (offset: Tensor, dtype: FloatType): Tensor =>
  clip(offset.abs().mul(16 * spacing[dtype]), 16 * tiny[dtype], Number.POSITIVE_INFINITY);
