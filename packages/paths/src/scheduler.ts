import type { Tensor, TensorLike } from '@flowfield/tensor-webgpu';
import { SchedulerError } from './errors.ts';
import { asFloating, checkGiven, checkTimes } from './times.ts';

/**
 * The coefficients of an affine path x_t = α_t x_1 + σ_t x_0, for t from 0 (source) to 1 (data). All functions work
 * element by element and can be traced. α'σ - σ'α > 0, so that the signal-to-noise ratio α / σ grows with t.
 */
export interface Scheduler {
  readonly name: string;
  /** Whether α + σ = 1 with α_0 = 0 and α_1 = 1: then α can time a geodesic. */
  readonly convex: boolean;
  /**
   * The times at which α, σ and Δ = α'σ - σ'α are exactly 0, where there are such. Where data are known the coefficients
   * themselves tell; inside a trace, at a time that is a plain number, this does.
   */
  readonly zeros?: { readonly alpha?: number; readonly sigma?: number; readonly delta?: number };
  alpha(t: TensorLike): Tensor;
  sigma(t: TensorLike): Tensor;
  /** dα / dt */
  dAlpha(t: TensorLike): Tensor;
  /** dσ / dt. Where it is infinite (t = 1 for VP and linear VP), its value at the nearest t below. */
  dSigma(t: TensorLike): Tensor;
  /** The t at which α / σ = `snr`; `Infinity` gives the t at which σ = 0. */
  snrInverse(snr: TensorLike): Tensor;
}

/** All coefficients at some times. */
export interface SchedulerOutput {
  readonly alphaT: Tensor;
  readonly sigmaT: Tensor;
  readonly dAlphaT: Tensor;
  readonly dSigmaT: Tensor;
}

/**
 * The four coefficients of `scheduler` at t, each of the shape of t.
 * @throws SchedulerError for something else than a scheduler; TimeRangeError for a known time outside [0, 1].
 */
export function schedulerAt(scheduler: Scheduler, t: TensorLike): SchedulerOutput {
  checkScheduler('schedulerAt', scheduler);
  checkGiven('schedulerAt', 't', t);
  const times = asFloating(t);
  checkTimes('schedulerAt', times);
  return coefficientsAt(scheduler, times);
}

/** `schedulerAt` for times that were checked before. */
export const coefficientsAt = (scheduler: Scheduler, t: Tensor): SchedulerOutput => ({
  alphaT: scheduler.alpha(t),
  sigmaT: scheduler.sigma(t),
  dAlphaT: scheduler.dAlpha(t),
  dSigmaT: scheduler.dSigma(t),
});

/** Throws `SchedulerError` unless `scheduler` has the functions of one, as a name such as 'condOT' has not. */
export function checkScheduler(use: string, scheduler: Scheduler): void {
  const functions = ['alpha', 'sigma', 'dAlpha', 'dSigma', 'snrInverse'] as const;
  if (functions.every((name) => typeof scheduler?.[name] === 'function')) return;
  const given = typeof scheduler === 'string' ? `'${scheduler}'` : scheduler === null ? 'null' : typeof scheduler;
  throw new SchedulerError(
    `${use}: expected a scheduler with ${functions.join(', ')}, got ${given}. Make one, with condOTScheduler() say.`,
  );
}
