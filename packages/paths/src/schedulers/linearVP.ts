import { div, fullLike, sqrt, square, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import type { Scheduler } from '../scheduler.ts';
import { bySize, positive, rootOf } from './ratios.ts';

/** sqrt(1 - t²), from both factors, so that it keeps its digits near t = 1. */
const sigma = (t: TensorLike): Tensor => {
  const time = tensor(t);
  return rootOf(time.neg().add(1).mul(time.add(1)));
};

/** The variance-preserving path with linear α: α = t, σ = sqrt(1 - t²); snr⁻¹(s) = s / sqrt(1 + s²). */
export function linearVPScheduler(): Scheduler {
  return {
    name: 'linearVP',
    convex: false,
    zeros: { alpha: 0, sigma: 1 },
    alpha: (t) => tensor(t),
    sigma,
    dAlpha: (t) => fullLike(t, 1),
    dSigma: (t) =>
      tensor(t)
        .neg()
        .div(positive(sigma(t))),
    snrInverse: (snr) =>
      bySize(
        snr,
        (s) => s.div(sqrt(square(s).add(1))),
        (inverse) => div(1, sqrt(square(inverse).add(1))),
      ),
  };
}
