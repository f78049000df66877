import { type DataSeparation, type Scheduler, schedulerAt, separationOf } from '@flowfield/paths';
import type { Velocity } from '@flowfield/samplers';
import { jit, logsumexp, matmul, random, softmax, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** Weights (they add up to 1), means and variances of components N(μ_k, v_k I). */
export interface MixtureParts {
  readonly weights: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly variances: readonly number[];
}

/** Which components y = α z + σ e may come from, and what they say about z: row by row. */
interface Posterior {
  /** (n, K), rows add up to 1. */
  readonly share: Tensor;
  /** (n, K): z is around μ_k + gain_k (y - α μ_k) with variance rest_k. */
  readonly gain: Tensor;
  readonly rest: Tensor;
}

/**
 * A mixture of round Gaussians, for which flows, posteriors and tilts are closed forms: data whose truth is known.
 * Formulas are evaluated in the dtype of the points that they are given.
 */
export function gaussianMixture(parts: MixtureParts) {
  const { weights, means, variances } = parts;
  const dimension = means[0].length;
  const table = (values: readonly number[] | readonly (readonly number[])[], like: Tensor): Tensor =>
    tensor(values as number[], { dtype: like.dtype });
  const column = (t: Tensor): Tensor => t.expandDims(-1);

  /** ln of each component's share in the density of α z + σ e at y, (n, K); α and σ are (n). */
  function logShares(y: Tensor, alpha: Tensor, sigma: Tensor): { log: Tensor; spread: Tensor } {
    const spread = column(alpha.square()).mul(table(variances, y)).add(column(sigma.square()));
    const centers = table(means, y).mul(alpha.expandDims(-1).expandDims(-1));
    const distance = y.expandDims(1).sub(centers).square().sum({ axis: -1 });
    const log = table(weights.map(Math.log), y)
      .sub(spread.log().mul(dimension / 2))
      .sub(distance.div(spread).div(2));
    return { log, spread };
  }

  function posterior(y: Tensor, alpha: Tensor, sigma: Tensor): Posterior {
    const { log, spread } = logShares(y, alpha, sigma);
    const variance = table(variances, y);
    return {
      share: softmax(log, { axis: -1 }),
      gain: column(alpha).mul(variance).div(spread),
      rest: column(sigma.square()).mul(variance).div(spread),
    };
  }

  /** Σ_k share_k (shift μ_k + rate_k (y - α μ_k)) with `shift` (n) or 1. */
  function blend(y: Tensor, alpha: Tensor, share: Tensor, rate: Tensor, shift?: Tensor): Tensor {
    const mu = table(means, y);
    const rated = share.mul(rate);
    const drift = matmul(share, mu);
    return (shift ? drift.mul(column(shift)) : drift)
      .add(y.mul(rated.sum({ axis: -1, keepDims: true })))
      .sub(matmul(rated, mu).mul(column(alpha)));
  }

  return {
    ...parts,
    dimension,

    /** Points (count, dimension). */
    sample(key: random.Key, count: number, dtype: 'f32' | 'f64' = 'f32'): Tensor {
      const [which, noise] = random.split(key);
      const component = random.categorical(which, tensor(weights.map(Math.log)), { shape: [count] });
      const normal = random.normal(noise, [count, dimension], { dtype });
      const scale = tensor(variances.map(Math.sqrt), { dtype }).take(component);
      return normal.mul(column(scale)).add(tensor(means as number[][], { dtype }).take(component, { axis: 0 }));
    },

    /** ln p(x), (n). */
    logDensity(x: Tensor): Tensor {
      const one = x.sum({ axis: -1 }).mul(0).add(1);
      const { log } = logShares(x, one, one.mul(0));
      return logsumexp(log, { axis: -1 }).sub((dimension / 2) * Math.log(2 * Math.PI));
    },

    /** E[z | x_t = x] on the path of the scheduler. */
    denoiser(scheduler: Scheduler): Velocity {
      return (x, t) => {
        const { alphaT, sigmaT } = schedulerAt(scheduler, t);
        const { share, gain } = posterior(x, alphaT, sigmaT);
        return blend(x, alphaT, share, gain);
      };
    },

    /** The marginal velocity, u = Σ_k share_k (α' μ_k + (V_k' / 2 V_k) (x - α μ_k)) with V_k = α² v_k + σ². */
    velocity(scheduler: Scheduler): Velocity {
      return (x, t) => {
        const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(scheduler, t);
        const { log, spread } = logShares(x, alphaT, sigmaT);
        const rate = column(alphaT.mul(dAlphaT))
          .mul(table(variances, x))
          .add(column(sigmaT.mul(dSigmaT)))
          .div(spread);
        return blend(x, alphaT, softmax(log, { axis: -1 }), rate, dAlphaT);
      };
    },

    /** ln E[exp(-(c/2) |z - m|²) | x_t = x], (n). */
    value(scheduler: Scheduler, { c, m }: Tilt): Velocity {
      return (x, t) => {
        const { alphaT, sigmaT } = schedulerAt(scheduler, t);
        const { log } = logShares(x, alphaT, sigmaT);
        const { gain, rest } = posterior(x, alphaT, sigmaT);
        const centers = table(means, x);
        const from = x.expandDims(1).sub(centers.mul(alphaT.expandDims(-1).expandDims(-1)));
        const found = centers.add(from.mul(gain.expandDims(-1)));
        const wide = rest.mul(c).add(1);
        const distance = found.sub(table(m, x)).square().sum({ axis: -1 });
        const rewards = wide
          .log()
          .mul(-dimension / 2)
          .sub(distance.div(wide).mul(c / 2));
        return logsumexp(log.add(rewards), { axis: -1 }).sub(logsumexp(log, { axis: -1 }));
      };
    },

    /** The parts of p(x) exp(-(c/2) |x - m|²) / Z, a mixture too. */
    tilted({ c, m }: Tilt): MixtureParts {
      const raw = weights.map((weight, k) => {
        const wide = 1 + c * variances[k];
        const distance = means[k].reduce((sum, value, i) => sum + (value - m[i]) ** 2, 0);
        return weight * wide ** (-dimension / 2) * Math.exp((-c * distance) / (2 * wide));
      });
      const total = raw.reduce((sum, value) => sum + value, 0);
      return {
        weights: raw.map((value) => value / total),
        means: means.map((mean, k) =>
          mean.map((value, i) => (value + c * variances[k] * m[i]) / (1 + c * variances[k])),
        ),
        variances: variances.map((variance) => variance / (1 + c * variance)),
      };
    },

    /** The separation, by the exact posterior at `draws` noisy points, the same for every angle. E|z|² must be the dimension. */
    separation({ key, draws, nodes }: { key: random.Key; draws: number; nodes: number }): DataSeparation {
      const [dataKey, noiseKey] = random.split(key);
      const z = this.sample(dataKey, draws, 'f64');
      const noise = random.normal(noiseKey, [draws, dimension], { dtype: 'f64' });
      const variance = jit((snr: Tensor): Tensor => {
        const y = z.mul(snr).add(noise);
        const alpha = snr.broadcastTo([draws]);
        const { share, gain, rest } = posterior(y, alpha, alpha.mul(0).add(1));
        const centers = table(means, y);
        const from = y.expandDims(1).sub(centers.mul(snr));
        const found = centers.add(from.mul(gain.expandDims(-1)));
        const middle = found.mul(share.expandDims(-1)).sum({ axis: 1, keepDims: true });
        const between = found.sub(middle).square().sum({ axis: -1 }).div(dimension);
        return share.mul(rest.add(between)).sum({ axis: -1 }).mean();
      });
      return separationOf((snr) => Math.min(variance(tensor(snr, { dtype: 'f64' })).item(), 1), { nodes });
    },
  };
}

export type GaussianMixture = ReturnType<typeof gaussianMixture>;

/** The reward r(x) = -(c/2) |x - m|². */
export interface Tilt {
  readonly c: number;
  readonly m: readonly number[];
}

/** Components of one variance on a circle, at angles 2πk / n; equal weights when left out. */
export function ringParts(options: {
  readonly radius: number;
  readonly deviation: number;
  readonly count: number;
  readonly weights?: readonly number[];
}): MixtureParts {
  const { radius, deviation, count, weights = Array(count).fill(1 / count) } = options;
  return {
    weights,
    means: Array.from({ length: count }, (_, k) => {
      const angle = (2 * Math.PI * k) / count;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    }),
    variances: Array(count).fill(deviation ** 2),
  };
}
