import { checkedOptions, fullLike, sub, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { SchedulerError } from '../errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { fractionOf } from './ratios.ts';

export interface CondOTOptions {
  /** The standard deviation left at t = 1, in [0, 1) (default 0). */
  readonly sigmaMin?: number;
}

/**
 * The straight path: α = t, σ = 1 - (1 - σ_min) t; snr⁻¹(s) = s / (1 + (1 - σ_min) s).
 *
 * Source: Lipman et al. 2022, "Flow Matching for Generative Modeling", eq. 20 (the optimal-transport path).
 * @throws SchedulerError for sigmaMin outside [0, 1).
 */
export function condOTScheduler(options: CondOTOptions = {}): Scheduler {
  const { sigmaMin = 0 } = checkedOptions('condOTScheduler', options, ['sigmaMin']);
  if (!(sigmaMin >= 0 && sigmaMin < 1)) {
    throw new SchedulerError(
      `condOTScheduler: expected sigmaMin in [0, 1), got ${sigmaMin}. Use 0 for the plain straight path.`,
    );
  }
  const slope = 1 - sigmaMin;
  return {
    name: 'condOT',
    convex: sigmaMin === 0,
    zeros: sigmaMin === 0 ? { alpha: 0, sigma: 1 } : { alpha: 0 },
    alpha: (t: TensorLike): Tensor => tensor(t),
    sigma: (t) => sub(1, tensor(t).mul(slope)),
    dAlpha: (t) => fullLike(t, 1),
    dSigma: (t) => fullLike(t, -slope),
    snrInverse: (snr) => fractionOf(snr, slope),
  };
}
