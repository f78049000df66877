import { erf, tensor } from '@flowfield/tensor-webgpu';

/** A mixture of normal distributions of numbers. */
export interface LineMixture {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Times 0 <= t < tNext <= 1, where it begins, and the correlation of the noises. */
export interface LineTransition {
  readonly t: number;
  readonly tNext: number;
  readonly xt: number;
  readonly rho?: number;
}

/** Levels at which quantile functions are compared. */
const LEVELS = 400;
/** Halvings of the interval that holds a quantile. */
const HALVINGS = 60;

/**
 * The law of x_t' given x_t on the straight path, a mixture again; ρ is the correlation of the noises, DDPM's when left out:
 *
 *   Σ_k r_k N(ᾱ m_k + γ x_t, ᾱ² q_k + σ̄²),  r_k ~ w_k N(x_t; α μ_k, V_k),  V_k = α² v_k + σ²,
 *   m_k = μ_k + (α v_k / V_k)(x_t - α μ_k),  q_k = v_k σ² / V_k.
 *
 * Source: Holderrieth et al. 2025, "GLASS Flows", proposition 1.
 */
export function exactTransition(
  { weights, means, deviations }: LineMixture,
  { t, tNext, xt, rho = (t * (1 - tNext)) / ((1 - t) * tNext) }: LineTransition,
): LineMixture {
  const [alpha, sigma, next] = [t, 1 - t, 1 - tNext];
  const gammaBar = (rho * next) / sigma;
  const alphaBar = tNext - gammaBar * alpha;
  const sigmaBar = next * Math.sqrt(1 - rho ** 2);
  const parts = means.map((mean, k) => {
    const variance = deviations[k] ** 2;
    const wide = alpha ** 2 * variance + sigma ** 2;
    const away = xt - alpha * mean;
    return {
      raw: (weights[k] * Math.exp(-(away ** 2) / (2 * wide))) / Math.sqrt(wide),
      mean: alphaBar * (mean + ((alpha * variance) / wide) * away) + gammaBar * xt,
      deviation: Math.sqrt((alphaBar ** 2 * variance * sigma ** 2) / wide + sigmaBar ** 2),
    };
  });
  const total = parts.reduce((sum, { raw }) => sum + raw, 0);
  return {
    weights: parts.map(({ raw }) => raw / total),
    means: parts.map(({ mean }) => mean),
    deviations: parts.map(({ deviation }) => deviation),
  };
}

/** W1 between a sample and a mixture: the mean over 400 levels of the distance of their quantiles. */
export function quantileGap(sample: ArrayLike<number>, mixture: LineMixture): number {
  const sorted = Float64Array.from(sample).sort();
  const exact = quantiles(mixture);
  let total = 0;
  for (let i = 0; i < LEVELS; i++) {
    // Between the two order statistics around the level.
    const place = ((i + 0.5) / LEVELS) * sorted.length - 0.5;
    const low = Math.max(Math.floor(place), 0);
    const high = Math.min(low + 1, sorted.length - 1);
    total += Math.abs(sorted[low] + (place - low) * (sorted[high] - sorted[low]) - exact[i]);
  }
  return total / LEVELS;
}

/** Quantiles at (i + ½) / 400, by bisection of the distribution function. */
export function quantiles({ weights, means, deviations }: LineMixture): Float64Array {
  const levels = tensor(
    Array.from({ length: LEVELS }, (_, i) => (i + 0.5) / LEVELS),
    { dtype: 'f64' },
  );
  const row = (values: readonly number[]) => tensor(values as number[], { dtype: 'f64' });
  const [weight, mean, deviation] = [weights, means, deviations].map(row);
  const reach = 10 * Math.max(...deviations);
  let low = levels.mul(0).add(Math.min(...means) - reach);
  let high = levels.mul(0).add(Math.max(...means) + reach);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = low.add(high).div(2);
    const standard = middle.expandDims(1).sub(mean).div(deviation.mul(Math.SQRT2));
    const below = erf(standard).add(1).mul(weight).sum({ axis: 1 }).div(2).less(levels).astype('f64');
    low = low.add(middle.sub(low).mul(below));
    high = high.add(middle.sub(high).mul(below.neg().add(1)));
  }
  return low.add(high).div(2).dataSync() as Float64Array;
}
