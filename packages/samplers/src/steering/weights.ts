import type { Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { WeightError } from '../errors.ts';

/** Numbers of a list, a typed array or a tensor. */
export type Numbers = ArrayLike<number> | Tensor;

const isTensor = (given: Numbers): given is Tensor =>
  typeof (given as { dataSync?: unknown } | null | undefined)?.dataSync === 'function';

/** The numbers in double precision; throws `WeightError` unless there is one at least. */
export function hostNumbers(use: string, given: Numbers): Float64Array {
  if (typeof (given as { length?: unknown } | null | undefined)?.length !== 'number' && !isTensor(given)) {
    throw new WeightError(`${use}: expected numbers as a list, a typed array or a tensor, got ${String(given)}.`);
  }
  const values = Float64Array.from(isTensor(given) ? given.dataSync() : given);
  if (values.length > 0) return values;
  throw new WeightError(`${use}: expected at least one number, got none.`);
}

/** exp of log-weights, normalised to sum 1. Throws `WeightError` for NaN, +∞, and when all are -∞. */
export function normalised(use: string, logWeights: Float64Array): Float64Array {
  const bad = logWeights.findIndex((value) => !(value < Number.POSITIVE_INFINITY));
  if (bad >= 0) {
    throw new WeightError(
      `${use}: expected log-weights below infinity, got ${logWeights[bad]} at ${bad}. Look at the reward of this particle.`,
    );
  }
  const largest = logWeights.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (largest === Number.NEGATIVE_INFINITY) {
    throw new WeightError(
      `${use}: all weights are 0 (log-weights -∞). Weaken the reward, or use more steps or particles.`,
    );
  }
  const weights = logWeights.map((value) => Math.exp(value - largest));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/** ln of the mean of exp(log-weights). */
export function logMean(logWeights: Float64Array): number {
  const largest = logWeights.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logWeights.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum / logWeights.length);
}

/**
 * The effective sample size (Σ w)² / Σ w² of log-weights that need not be normalised: from 1 to their number.
 * @throws WeightError for NaN, +∞, and weights that are all 0.
 */
export function effectiveSampleSize(logWeights: Numbers): number {
  const weights = normalised('effectiveSampleSize', hostNumbers('effectiveSampleSize', logWeights));
  return 1 / weights.reduce((sum, value) => sum + value * value, 0);
}

/**
 * The largest step δ in (0, remaining] of an annealing towards weights exp(δ l) at which the effective sample size is
 * still at least `target` particles, by bisection; `remaining` itself where that holds there.
 * @throws WeightError for log-likelihoods from which no size can be computed; ArgumentError for a target outside 1 to n.
 */
export function temperingStep(logLikelihoods: Numbers, target: number, remaining = 1): number {
  const use = 'temperingStep';
  const values = hostNumbers(use, logLikelihoods);
  checkedNumber(`${use}: target`, target, 1, values.length);
  checkedNumber(`${use}: remaining`, remaining, Number.MIN_VALUE);
  const size = (step: number): number => effectiveSampleSize(values.map((value) => (value === 0 ? 0 : value * step)));
  if (size(remaining) >= target) return remaining;
  const alive = values.reduce((sum, value) => sum + (value > Number.NEGATIVE_INFINITY ? 1 : 0), 0);
  if (alive < target) {
    throw new WeightError(
      `${use}: only ${alive} of ${values.length} log-likelihoods are above -∞, so that no step leaves ${target} particles. Lower the target, or resample first.`,
    );
  }
  let [low, high] = [0, remaining];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (size(middle) >= target) low = middle;
    else high = middle;
  }
  return low;
}

const BISECTIONS = 100;
