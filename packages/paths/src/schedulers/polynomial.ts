import {
  expm1,
  fullLike,
  greater,
  log1p,
  maximum,
  pow,
  sub,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
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
  const power = (t: TensorLike, exponent: number): Tensor =>
    exponent === 1 ? tensor(t) : pow(maximum(t, 0), exponent);
  const slope = (t: TensorLike): Tensor => (n === 1 ? fullLike(t, 1) : power(t, n - 1).mul(n));
  // Near t = 1 as -expm1(n ln t), with ln t = log1p(-(1 - t)), which keeps its digits.
  const sigma = (t: TensorLike): Tensor => {
    if (n === 1) return sub(1, t);
    const late = greater(t, 0.5);
    const rest = sub(1, where(late, t, 0.5));
    return where(late, expm1(log1p(rest.neg()).mul(n)).neg(), sub(1, power(t, n)));
  };
  return {
    name: `polynomial(${n})`,
    convex: true,
    zeros: n === 1 ? { alpha: 0, sigma: 1 } : { alpha: 0, sigma: 1, delta: 0 },
    alpha: (t) => power(t, n),
    sigma,
    dAlpha: slope,
    dSigma: (t) => slope(t).neg(),
    snrInverse: (snr) => pow(fractionOf(snr), 1 / n),
  };
}
