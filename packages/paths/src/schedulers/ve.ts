import {
  checkedOptions,
  exp,
  fullLike,
  log,
  maximum,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { SchedulerError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';

export interface VEOptions {
  /** Standard deviation of the noise at the data end (default 0.01). */
  readonly sigmaMin?: number;
  /** Standard deviation of the noise at the source end (default 50); several times the spread of the data. */
  readonly sigmaMax?: number;
}

/**
 * The variance-exploding diffusion path: α = 1, σ = σ_max^(1-t) σ_min^t; snr⁻¹(s) = ln(s σ_max) / ln(σ_max / σ_min).
 *
 * The data are never scaled, so that at t = 0 a point is x_1 + σ_max x_0: start a solve from σ_max x_0, and end with
 * noise of σ_min left. A ratio that the path does not reach gives its nearest end.
 *
 * Source: Song et al. 2021, "Score-Based Generative Modeling through SDEs", with time reversed.
 * @throws SchedulerError unless 0 < sigmaMin < sigmaMax.
 */
export function veScheduler(options: VEOptions = {}): Scheduler {
  const { sigmaMin = 0.01, sigmaMax = 50 } = checkedOptions('veScheduler', options, ['sigmaMin', 'sigmaMax']);
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Number.isFinite(sigmaMax))) {
    throw new SchedulerError(`veScheduler: expected 0 < sigmaMin < sigmaMax, got ${sigmaMin} and ${sigmaMax}.`);
  }
  const decades = Math.log(sigmaMax / sigmaMin);
  const sigma = (t: TensorLike): Tensor => exp(tensor(t).mul(-decades)).mul(sigmaMax);
  return {
    name: 've',
    convex: false,
    zeros: {},
    alpha: (t) => fullLike(t, 1),
    sigma,
    dAlpha: (t) => fullLike(t, 0),
    dSigma: (t) => sigma(t).mul(-decades),
    snrInverse: (snr) =>
      log(
        maximum(snr, 1 / sigmaMax)
          .minimum(1 / sigmaMin)
          .mul(sigmaMax),
      ).div(decades),
  };
}
