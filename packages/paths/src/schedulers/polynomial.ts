import { fullLike, maximum, pow, sub, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { SchedulerError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { fractionOf } from './ratios.ts';

/**
 * α = tⁿ, σ = 1 - tⁿ; snr⁻¹(s) = (s / (1 + s))^(1/n).
 * @throws SchedulerError unless n >= 1 (a smaller n has an infinite slope at t = 0).
 */
export function polynomialScheduler(n: number): Scheduler {
  if (!(n >= 1 && Number.isFinite(n))) {
    throw new SchedulerError(`polynomialScheduler: expected an exponent n >= 1, got ${n}. n = 1 is the straight path.`);
  }
  // A time that rounding took below 0 has no fractional power.
  const power = (t: TensorLike, exponent: number): Tensor => pow(maximum(t, 0), exponent);
  const slope = (t: TensorLike): Tensor => (n === 1 ? fullLike(t, 1) : power(t, n - 1).mul(n));
  return {
    name: `polynomial(${n})`,
    convex: true,
    alpha: (t) => power(t, n),
    sigma: (t) => sub(1, power(t, n)),
    dAlpha: slope,
    dSigma: (t) => slope(t).neg(),
    snrInverse: (snr) => pow(fractionOf(snr), 1 / n),
  };
}
