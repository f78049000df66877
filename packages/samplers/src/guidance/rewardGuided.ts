import { type Scheduler, schedulerAt } from '@flowfield/paths';
import { checkedOptions, checkFunctions, grad, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { type ModelOptions, modelOptionNames, type PathModel, pathModel } from '../denoiser.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { returnedRows, returnedTensor } from '../returned.ts';
import { perRow, spread } from '../rows.ts';

/** b_t = σ²α'/α - σσ' is infinite where α = 0, its product with the gradient is not: guidance is taken from here on. */
const LEAST_GUIDANCE_TIME = 1e-3;

export interface RewardOptions extends ModelOptions {
  /** r for each row of the predicted data, (batch), at times (batch). */
  readonly reward: (data: Tensor, t: Tensor) => Tensor;
  /** Multiplies the reward (default 1). */
  readonly strength?: number;
}

/**
 * The velocity of a model led towards a reward, u + b_t ∇_x r(D(x, t)), with D = E[x_1 | x_t] and b_t = σ²α'/α - σσ'. With
 * V_t(x) = ln E[exp r(x_1) | x_t = x] in the place of r(D) it would be the flow of the data tilted by exp r; r(D) is exact
 * for linear r under Gaussian posteriors of constant variance, and an approximation else.
 *
 * Rows must not see one another. One call of the model and its reverse derivative per evaluation.
 *
 * Source: Dhariwal and Nichol 2021, "Diffusion Models Beat GANs"; Holderrieth et al. 2025, "GLASS Flows", section 5.
 * @throws ArgumentError and SchedulerError for other options; (the result) ShapeError unless the reward is (batch).
 */
export function rewardGuided(model: Velocity, options: RewardOptions): Velocity {
  const use = 'rewardGuided';
  const { reward, strength = 1 } = checkedOptions(use, options, [...modelOptionNames, 'reward', 'strength']);
  checkFunctions(use, reward);
  checkedNumber(`${use}: strength`, strength, -Number.MAX_VALUE);
  return led(use, pathModel(use, model, options), evaluationsOf(model), (data, t) =>
    returnedRows(use, 'reward', reward(data, t), data.shape[0]).mul(strength),
  );
}

export interface InverseProblemOptions extends ModelOptions {
  /** A: data (batch, …) to what is observed of them, (batch, …), linear or not. */
  readonly operator: (data: Tensor) => Tensor;
  /** y, of the shape of A's results (or one row for all). */
  readonly observation: Tensor;
  /** Standard deviation of the noise of the observation. */
  readonly noise: number;
  /**
   * The variance of x_1 given x_t that is taken for each coordinate: default σ² / (α² + σ²), which is exact for data
   * N(0, I). 0 gives diffusion posterior sampling.
   */
  readonly posteriorVariance?: (c: { readonly alphaT: Tensor; readonly sigmaT: Tensor }) => Tensor;
  /** Multiplies the log-likelihood (default 1). */
  readonly strength?: number;
}

/**
 * The velocity of a model led to data with A(x_1) + noise · e = y, by the gradient of
 *
 *   ln p(y | x_t) ~ -|y - A(D(x, t))|² / (2 (noise² + v_t)),
 *
 * with v_t the posterior variance. For Gaussian data, A that picks coordinates, and their true v_t, the samples have the
 * posterior law.
 *
 * Source: Chung et al. 2023, "Diffusion Posterior Sampling for General Noisy Inverse Problems"; Song et al. 2023,
 * "Pseudoinverse-Guided Diffusion Models".
 * @throws as `rewardGuided`; ShapeError when A(D) and y have other shapes.
 */
export function inverseProblemGuided(model: Velocity, options: InverseProblemOptions): Velocity {
  const use = 'inverseProblemGuided';
  const {
    operator,
    observation,
    noise,
    posteriorVariance = priorVariance,
    strength = 1,
  } = checkedOptions(use, options, [
    ...modelOptionNames,
    'operator',
    'observation',
    'noise',
    'posteriorVariance',
    'strength',
  ]);
  checkFunctions(use, operator, posteriorVariance);
  checkedNumber(`${use}: noise`, noise, 0);
  checkedNumber(`${use}: strength`, strength, 0);
  const likelihood = (data: Tensor, t: Tensor): Tensor => {
    const seen = returnedTensor(use, 'what is observed', operator(data));
    const fits =
      seen.ndim === observation.ndim &&
      seen.shape.every((extent, i) => extent === observation.shape[i] || (i === 0 && observation.shape[0] === 1));
    if (!fits) {
      throw new ShapeError(
        `${use}: expected an observation of the shape of operator(data) [${seen.shape.join(', ')}], got [${observation.shape.join(', ')}].`,
      );
    }
    const variance = posteriorVariance(schedulerAt(options.scheduler, t)).add(noise ** 2);
    const misfit = seen.sub(observation.astype(seen.dtype)).square().reshape([seen.shape[0], -1]).sum({ axis: 1 });
    // Without noise and variance, as at t = 1, the gradient has no bound but this one.
    return misfit.div(variance.maximum(LEAST_VARIANCE)).mul(-strength / 2);
  };
  return led(use, pathModel(use, model, options), evaluationsOf(model), likelihood);
}

const LEAST_VARIANCE = 1e-6;

const priorVariance = ({ alphaT, sigmaT }: { alphaT: Tensor; sigmaT: Tensor }): Tensor =>
  sigmaT.square().div(alphaT.square().add(sigmaT.square()));

/** u + b_t ∇_x value(D(x, t), t). */
function led(use: string, model: PathModel, evaluations: number, value: (data: Tensor, t: Tensor) => Tensor): Velocity {
  const field = (x: Tensor, t: Tensor): Tensor => {
    const times = perRow(t, x).maximum(LEAST_GUIDANCE_TIME);
    const slope = grad((at: Tensor) => {
      return returnedRows(use, 'value', value(model.as('data', at, times), times), x.shape[0]).sum();
    })(x);
    return model.as('velocity', x, t).add(slope.mul(spread(scoreFactor(model.scheduler, times), x)));
  };
  return Object.assign(field, { evaluations });
}

/** b_t = σ (σ α' - σ' α) / α, the factor of the score in a velocity. */
function scoreFactor(scheduler: Scheduler, t: Tensor): Tensor {
  const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(scheduler, t);
  return sigmaT.mul(dAlphaT.mul(sigmaT).sub(dSigmaT.mul(alphaT))).div(alphaT);
}
