import {
  checkedOptions,
  div,
  exp,
  expm1,
  log1p,
  maximum,
  sqrt,
  square,
  sub,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { SchedulerError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { positive, rootOf } from './ratios.ts';

export interface VPOptions {
  /** Noise rate at the data end (default 0.1). */
  readonly betaMin?: number;
  /** Noise rate at the source end (default 20). */
  readonly betaMax?: number;
}

/**
 * The variance-preserving diffusion path. With b = betaMin, B = betaMax and s = 1 - t:
 *
 *   T = s² (B - b) / 2 + s b,  α = exp(-T/2),  σ = sqrt(1 - exp(-T)),
 *   T' = -s (B - b) - b,  α' = -T' α / 2,  σ' = T' exp(-T) / (2σ).
 *
 * α_0 is small but not 0 (0.0066 with the defaults), so x_0 has a trace of data; σ' is infinite at t = 1: train and
 * solve on [0, 1 - 1e-5]. snr⁻¹: T = ln(1 + s⁻²), solved for t; an snr below α_0 / σ_0 gives t = 0.
 *
 * Source: Song et al. 2021, "Score-Based Generative Modeling through SDEs".
 * @throws SchedulerError unless 0 < betaMin < betaMax.
 */
export function vpScheduler(options: VPOptions = {}): Scheduler {
  const { betaMin = 0.1, betaMax = 20 } = checkedOptions('vpScheduler', options, ['betaMin', 'betaMax']);
  if (!(betaMin > 0 && betaMax > betaMin && Number.isFinite(betaMax))) {
    throw new SchedulerError(`vpScheduler: expected 0 < betaMin < betaMax, got ${betaMin} and ${betaMax}.`);
  }
  const growth = betaMax - betaMin;
  const rest = (t: TensorLike): Tensor => sub(1, tensor(t));
  const total = (t: TensorLike): Tensor =>
    square(rest(t))
      .mul(growth / 2)
      .add(rest(t).mul(betaMin));
  const slope = (t: TensorLike): Tensor => rest(t).mul(-growth).sub(betaMin);
  const alpha = (t: TensorLike): Tensor => exp(total(t).mul(-0.5));
  const sigma = (t: TensorLike): Tensor => rootOf(expm1(total(t).neg()).neg());
  const totalAtSource = growth / 2 + betaMin;
  const leastRatio = 1 / Math.sqrt(Math.expm1(totalAtSource));

  return {
    name: 'vp',
    convex: false,
    zeros: { sigma: 1 },
    alpha,
    sigma,
    dAlpha: (t) => slope(t).mul(alpha(t)).mul(-0.5),
    dSigma: (t) =>
      slope(t)
        .mul(exp(total(t).neg()))
        .div(positive(sigma(t)).mul(2)),
    snrInverse(snr) {
      const noise = log1p(square(div(1, maximum(snr, leastRatio))));
      // The root of the quadratic in the form that does not cancel near t = 1.
      const root = sqrt(noise.mul(2 * growth).add(betaMin ** 2));
      return maximum(sub(1, noise.mul(2).div(root.add(betaMin))), 0);
    },
  };
}
