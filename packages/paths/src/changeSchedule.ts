import {
  checkedOptions,
  checkFunctions,
  div,
  maximum,
  sqrt,
  square,
  type Tensor,
  type TensorLike,
} from '@flowfield/tensor-webgpu';
import { denominator, withDelta } from './denominators.ts';
import { returnedLike } from './returned.ts';
import { checkScheduler, coefficientsAt, type Scheduler, type SchedulerOutput } from './scheduler.ts';
import { asFloating, asTimes, checkTimes, perRow } from './times.ts';

/** A velocity field; further arguments (labels, …) are passed on. */
export type VelocityField<Rest extends readonly unknown[] = []> = (x: Tensor, t: Tensor, ...rest: Rest) => Tensor;

export interface ScheduleChange {
  /** The schedule of the path that the velocity belongs to. */
  readonly from: Scheduler;
  /** The schedule to follow instead. */
  readonly to: Scheduler;
}

/** Keeps α / σ finite at σ = 0. */
const LEAST_SIGMA = 1e-30;

/**
 * The velocity of the same source and data under another schedule. At equal signal-to-noise ratio the two paths are
 * scaled copies: with t' = snr⁻¹_from(snr_to(t)) and x_t = c x'_t',
 *
 *   u_to(x, t) = (c'/c) x + c (dt'/dt) u_from(x / c, t'),
 *   c² = (α² + σ²)_to(t) / (α² + σ²)_from(t'),  dt'/dt = Δ_to(t) / (c² Δ_from(t')),  Δ = α'σ - σ'α.
 *
 * These forms are finite at both ends of [0, 1], with one exception: a `from` that starts at rest (polynomial, n > 1)
 * has Δ = 0 at t = 0, where its velocity holds nothing about the data. The result takes x (batch, …) and
 * t, a scalar or (batch), and hands the field a t' of the shape of t.
 *
 * Source: Lipman et al. 2024, "Flow Matching Guide and Code", section 4.8.
 * @throws SchedulerError for something else than a scheduler; (the result) TimeShapeError and TimeRangeError for times that do not fit; SingularConversionError for the
 * exception, in an eager call. Inside a trace Δ is kept at 1e-12 there, and the result is finite.
 */
export function changeSchedule<Rest extends readonly unknown[] = []>(
  velocity: VelocityField<Rest>,
  change: ScheduleChange,
): (x: TensorLike, t: TensorLike, ...rest: Rest) => Tensor {
  checkFunctions('changeSchedule', velocity);
  const { from, to } = checkedOptions('changeSchedule', change, ['from', 'to']);
  for (const scheduler of [from, to]) checkScheduler('changeSchedule', scheduler);
  const use = `changeSchedule(${from.name} to ${to.name})`;
  return (x, t, ...rest) => {
    const at = asFloating(x);
    const times = asTimes(use, t, at);
    checkTimes(use, times);
    const next = withDelta(coefficientsAt(to, times));
    const oldTimes = from.snrInverse(next.alphaT.div(maximum(next.sigmaT, LEAST_SIGMA)));
    const old = withDelta(coefficientsAt(from, oldTimes));
    const scaleSquared = power(next).div(power(old));
    const scale = sqrt(scaleSquared);
    const speed = next.delta.div(scaleSquared.mul(denominator(use, from, 'delta', old, oldTimes)));
    const growth = powerSlope(next).sub(powerSlope(old).mul(speed));
    const oldVelocity = returnedLike(
      use,
      'a velocity',
      velocity(at.mul(perRow(div(1, scale), at)), oldTimes, ...rest),
      at,
    );
    return at.mul(perRow(growth, at)).add(oldVelocity.mul(perRow(scale.mul(speed), at)));
  };
}

/** α² + σ² */
const power = (c: SchedulerOutput): Tensor => square(c.alphaT).add(square(c.sigmaT));

/** Half the logarithmic derivative of `power`: (α α' + σ σ') / (α² + σ²). */
const powerSlope = (c: SchedulerOutput): Tensor => c.alphaT.mul(c.dAlphaT).add(c.sigmaT.mul(c.dSigmaT)).div(power(c));
