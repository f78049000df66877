import { exp, log, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { denominator, withDelta } from './denominators.ts';
import { checkScheduler, coefficientsAt, type Scheduler } from './scheduler.ts';
import { asFloating, checkTimes } from './times.ts';

/** The logarithmic signal-to-noise ratio of a scheduler as a function of time, with its inverse and derivatives. */
export interface LogSnr {
  /** λ(t) = ln(α / σ); -∞ where α = 0 and ∞ where σ = 0. */
  value(t: TensorLike): Tensor;
  /** dλ / dt = α'/α - σ'/σ. */
  derivative(t: TensorLike): Tensor;
  /** The t at which λ(t) has the given value; a value that the schedule does not reach gives its nearest end. */
  inverse(lambda: TensorLike): Tensor;
  /** dt / dλ at the given value of λ. */
  inverseDerivative(lambda: TensorLike): Tensor;
}

/**
 * λ(t) = ln(α_t / σ_t) of a scheduler. It is the logarithm of `snr` = α / σ, which `snrInverse` takes; the
 * log-SNR of diffusion papers, ln(α² / σ²), is twice this.
 *
 * @throws SchedulerError for something else than a scheduler; (its functions) TimeRangeError for a known time outside
 * [0, 1]; SingularConversionError from `derivative` where α or σ is known to be 0.
 */
export function logSnr(scheduler: Scheduler): LogSnr {
  checkScheduler('logSnr', scheduler);
  const use = `logSnr(${scheduler.name})`;
  const checked = (t: TensorLike): Tensor => {
    const times = asFloating(t);
    checkTimes(use, times);
    return times;
  };
  const slope = (t: Tensor): Tensor => {
    const c = withDelta(coefficientsAt(scheduler, t));
    return c.delta.div(denominator(use, scheduler, 'alphaT', c, t)).div(denominator(use, scheduler, 'sigmaT', c, t));
  };
  const inverse = (lambda: TensorLike): Tensor => scheduler.snrInverse(exp(asFloating(lambda)));
  return {
    value(t) {
      const times = checked(t);
      return log(scheduler.alpha(times)).sub(log(scheduler.sigma(times)));
    },
    derivative: (t) => slope(checked(t)),
    inverse,
    inverseDerivative: (lambda) => slope(inverse(lambda)).reciprocal(),
  };
}
