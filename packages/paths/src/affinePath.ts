import type { Tensor } from '@flowfield/tensor-webgpu';
import type { Path, PathInput, PathSample } from './path.ts';
import { checkPair } from './path.ts';
import { checkScheduler, coefficientsAt, type Scheduler } from './scheduler.ts';
import { asTimes, checkGiven, checkTimes, perRow } from './times.ts';

/** A path x_t = α_t x_1 + σ_t x_0 with its scheduler. */
export interface AffinePath extends Path {
  readonly scheduler: Scheduler;
}

/**
 * The affine conditional path x_t = α_t x_1 + σ_t x_0 with velocity dx_t = α'_t x_1 + σ'_t x_0. x_0 and x_1 are
 * (batch, …) of equal shape; t is a scalar or (batch), and is spread over the remaining axes. Further fields given to
 * `sample`, such as labels, come back in the sample.
 *
 * Source: Lipman et al. 2022, "Flow Matching for Generative Modeling".
 * @throws SchedulerError for something else than a scheduler; PathShapeError when x_0 and x_1 differ in shape; TimeShapeError unless t is [] or [batch]; TimeRangeError for
 * a t outside [0, 1] and NonFinitePointError for NaN or infinity in x_0 or x_1 in an eager call.
 */
export function affinePath(scheduler: Scheduler): AffinePath {
  checkScheduler('affinePath', scheduler);
  const use = `affinePath(${scheduler.name}).sample`;
  return {
    scheduler,
    sample<Extra extends object>(input: PathInput & Extra): PathSample & Omit<Extra, keyof PathSample> {
      checkGiven(use, 'x0, x1 and t', input);
      const { x0, x1 } = checkPair(use, input.x0, input.x1);
      const t = asTimes(use, input.t, x1);
      checkTimes(use, t);
      const { alphaT, sigmaT, dAlphaT, dSigmaT } = coefficientsAt(scheduler, t);
      const combine = (a: Tensor, b: Tensor): Tensor => perRow(a, x1).mul(x1).add(perRow(b, x1).mul(x0));
      return { ...input, x0, x1, t, xt: combine(alphaT, sigmaT), dxt: combine(dAlphaT, dSigmaT) };
    },
  };
}
