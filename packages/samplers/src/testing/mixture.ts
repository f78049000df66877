import { type Scheduler, schedulerAt } from '@flowfield/paths';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { Velocity } from '../index.ts';

/** A mixture Σ_k w_k N(μ_k, v_k I) in d dimensions. */
export interface Mixture {
  readonly weights: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly variances: readonly number[];
}

const f64 = { dtype: 'f64' } as const;

/** Draws, (count, d). */
export function drawMixture({ weights, means, variances }: Mixture, count: number, key: random.Key): Tensor {
  const keys = random.split(key);
  const component = random.categorical(
    keys.slice(0),
    tensor(weights as number[], f64)
      .log()
      .broadcastTo([count, weights.length]),
  );
  const center = tensor(means as number[][], f64).gather(component);
  const deviation = tensor(variances as number[], f64)
    .sqrt()
    .gather(component)
    .expandDims(1);
  return random.normal(keys.slice(1), center.shape, f64).mul(deviation).add(center);
}

/** Per component: log responsibility weight ln w_k N(x; α μ_k, α² v_k + σ²), mean and variance at time t. */
function parts(mixture: Mixture, scheduler: Scheduler, x: Tensor, t: Tensor) {
  const c = schedulerAt(scheduler, t);
  const column = (values: Tensor): Tensor => (values.ndim === 0 ? values : values.expandDims(1));
  const [alpha, sigma] = [column(c.alphaT), column(c.sigmaT)].map((value) => value.astype(x.dtype));
  const means = tensor(mixture.means as number[][], { dtype: x.dtype as 'f64' });
  const variances = tensor(mixture.variances as number[], { dtype: x.dtype as 'f64' });
  const d = x.shape[1];
  const V = alpha.square().mul(variances).add(sigma.square());
  const centered = x.expandDims(1).sub(alpha.ndim === 0 ? means.mul(alpha) : means.mul(alpha.expandDims(2)));
  const logs = tensor(mixture.weights as number[], { dtype: x.dtype as 'f64' })
    .log()
    .sub(V.log().mul(d / 2))
    .sub(centered.square().sum({ axis: 2 }).div(V.mul(2)));
  return { alpha, sigma, means, variances, V, centered, logs };
}

/** E[x_1 | x_t = x], exact. */
export const mixtureDenoiser =
  (mixture: Mixture, scheduler: Scheduler): Velocity =>
  (x, t) => {
    const { alpha, means, variances, V, centered, logs } = parts(mixture, scheduler, x, t);
    const responsibility = logs.sub(logs.logsumexp({ axis: 1, keepDims: true })).exp();
    const each = means.add(centered.mul(alpha.mul(variances).div(V).broadcastTo(logs.shape).expandDims(2)));
    return each.mul(responsibility.expandDims(2)).sum({ axis: 1 });
  };

/** The exact velocity. */
export const mixtureVelocity =
  (mixture: Mixture, scheduler: Scheduler): Velocity =>
  (x, t) => {
    const c = schedulerAt(scheduler, t);
    const { means, variances, V, centered, logs } = parts(mixture, scheduler, x, t);
    const column = (values: Tensor): Tensor => (values.ndim === 0 ? values : values.expandDims(1)).astype(x.dtype);
    const [alpha, sigma, dAlpha, dSigma] = [c.alphaT, c.sigmaT, c.dAlphaT, c.dSigmaT].map(column);
    const slope = alpha.mul(dAlpha).mul(variances).add(sigma.mul(dSigma)).div(V).broadcastTo(logs.shape);
    const responsibility = logs.sub(logs.logsumexp({ axis: 1, keepDims: true })).exp();
    const drift = dAlpha.ndim === 0 ? means.mul(dAlpha) : means.mul(dAlpha.expandDims(2));
    return centered.mul(slope.expandDims(2)).add(drift).mul(responsibility.expandDims(2)).sum({ axis: 1 });
  };

/** ln p_1(x), exact. */
export function mixtureLogDensity({ weights, means, variances }: Mixture, x: Tensor): Tensor {
  const d = x.shape[1];
  const centered = x.expandDims(1).sub(tensor(means as number[][], f64));
  const v = tensor(variances as number[], f64);
  return tensor(weights as number[], f64)
    .log()
    .sub(
      v
        .mul(2 * Math.PI)
        .log()
        .mul(d / 2),
    )
    .sub(centered.square().sum({ axis: 2 }).div(v.mul(2)))
    .logsumexp({ axis: 1 });
}

/** W1 between numbers and a one-dimensional mixture, over quantiles. */
export function quantileDistance(samples: readonly number[], mixture: Mixture, quantiles = 400): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const cdf = (x: number): number =>
    mixture.weights.reduce(
      (sum, w, k) => sum + w * normalCdf((x - mixture.means[k][0]) / Math.sqrt(mixture.variances[k])),
      0,
    );
  let total = 0;
  for (let i = 0; i < quantiles; i++) {
    const u = (i + 0.5) / quantiles;
    let [low, high] = [-50, 50];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (cdf(middle) < u) low = middle;
      else high = middle;
    }
    const at = u * sorted.length - 0.5;
    const k = Math.min(Math.max(Math.floor(at), 0), sorted.length - 2);
    total += Math.abs(sorted[k] + (sorted[k + 1] - sorted[k]) * (at - k) - (low + high) / 2);
  }
  return total / quantiles;
}

/** Φ(x) by the series and continued fraction of erf, to about 1e-12. */
function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let [sum, term] = [x, x];
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum) + 1e-300; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + sum * Math.exp((-x * x) / 2 - Math.log(Math.sqrt(2 * Math.PI)));
}

/** The exact law of one transition from x_t (a number): a mixture again. */
export function transitionLaw(
  mixture: Mixture,
  { a, s, gammaBar, alphaBar, sigmaBar }: Record<'a' | 's' | 'gammaBar' | 'alphaBar' | 'sigmaBar', number>,
  xt: number,
): Mixture {
  const V = mixture.variances.map((v) => a * a * v + s * s);
  const logs = mixture.weights.map(
    (w, k) => Math.log(w) - Math.log(V[k]) / 2 - (xt - a * mixture.means[k][0]) ** 2 / (2 * V[k]),
  );
  const largest = Math.max(...logs);
  const raw = logs.map((value) => Math.exp(value - largest));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return {
    weights: raw.map((value) => value / total),
    means: mixture.means.map(([m], k) => [
      alphaBar * (m + ((a * mixture.variances[k]) / V[k]) * (xt - a * m)) + gammaBar * xt,
    ]),
    variances: mixture.variances.map((v, k) => (alphaBar ** 2 * v * s * s) / V[k] + sigmaBar ** 2),
  };
}
