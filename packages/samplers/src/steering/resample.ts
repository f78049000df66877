import { checkedOptions, checkedWhole, random } from '@flowfield/tensor-webgpu';
import { checkOneOf } from '../choices.ts';
import { WeightError } from '../errors.ts';
import { hostNumbers, type Numbers } from './weights.ts';

/**
 * How parents are drawn with probabilities w:
 * - 'multinomial': independently.
 * - 'stratified': one draw in each of n equal shares.
 * - 'systematic': one draw, shifted through the n shares; a parent has ⌊n w⌋ or ⌈n w⌉ children.
 * - 'residual': ⌊n w⌋ children for sure, the rest multinomially.
 */
export type ResamplingScheme = 'multinomial' | 'stratified' | 'systematic' | 'residual';

export const resamplingSchemes = [
  'multinomial',
  'stratified',
  'systematic',
  'residual',
] as const satisfies readonly ResamplingScheme[];

export interface ResampleOptions {
  readonly key: random.Key;
  /** Default: 'systematic'. */
  readonly scheme?: ResamplingScheme;
  /** How many children (default: as many as weights). */
  readonly count?: number;
}

/**
 * The parents of `count` children, ascending, i32: unbiased draws with probabilities proportional to the weights, in double
 * precision. A weight of 0 has no child, whatever rounding does at the ends; sums need not be 1.
 *
 * Source: Douc, Cappé and Moulines 2005, "Comparison of resampling schemes for particle filtering".
 * @throws WeightError for weights that are negative, NaN or infinite, or all 0; ArgumentError for an unknown scheme.
 */
export function resample(weights: Numbers, options: ResampleOptions): Int32Array {
  const use = 'resample';
  const { key, scheme = 'systematic', count } = checkedOptions(use, options, ['key', 'scheme', 'count']);
  checkOneOf(use, 'a scheme', scheme, resamplingSchemes);
  const given = hostNumbers(use, weights);
  const bad = given.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  // In units of the largest, so that no sum overflows.
  const largest = given.reduce((most, value) => Math.max(most, value), 0);
  const w = given.map((value) => (largest > 0 ? value / largest : value));
  const total = w.reduce((sum, value) => sum + value, 0);
  if (bad >= 0 || !(total > 0)) {
    throw new WeightError(
      `${use}: expected weights of at least 0 with a positive sum, got ${bad >= 0 ? `${given[bad]} at ${bad}` : 'zeros alone'}. Take exp of log-weights less their largest first.`,
    );
  }
  const n = checkedWhole(`${use}: count`, count ?? w.length);
  const uniform = (size: number): Float64Array =>
    Float64Array.from(random.uniform(key, [size], { dtype: 'f64' }).dataSync());
  if (scheme === 'systematic') {
    const [u] = uniform(1);
    return parentsOf(
      w,
      total,
      Float64Array.from({ length: n }, (_, i) => (i + u) / n),
    );
  }
  if (scheme === 'stratified') {
    return parentsOf(
      w,
      total,
      uniform(n).map((u, i) => (i + u) / n),
    );
  }
  if (scheme === 'multinomial') return parentsOf(w, total, uniform(n).sort());
  const sure = w.map((value) => Math.floor((n * value) / total));
  const rest = w.map((value, i) => Math.max((n * value) / total - sure[i], 0));
  const left = n - sure.reduce((sum, value) => sum + value, 0);
  const children = Array.from(sure).flatMap((times, i) => Array<number>(times).fill(i));
  const drawn =
    left > 0
      ? parentsOf(
          rest,
          rest.reduce((sum, value) => sum + value, 0),
          uniform(left).sort(),
        )
      : [];
  return Int32Array.from([...children, ...drawn].sort((a, b) => a - b));
}

/** For each of the ascending shares u in [0, 1) the first parent whose cumulated weight exceeds it. */
function parentsOf(weights: Float64Array, total: number, shares: Float64Array): Int32Array {
  const last = weights.findLastIndex((value) => value > 0);
  let parent = weights.findIndex((value) => value > 0);
  let below = weights[parent];
  return Int32Array.from(shares, (u) => {
    while (below <= u * total && parent < last) below += weights[++parent];
    return parent;
  });
}
