import { checkedOptions, checkFunctions, fullLike, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import type { AffinePath } from './affinePath.ts';
import { checkedNumber, checkOneOf } from './choices.ts';
import { type Coefficients, withDelta } from './denominators.ts';
import { PathShapeError } from './errors.ts';
import { type LossReduction, reduceRows } from './lossReduction.ts';
import type { PathInput, PathSample } from './path.ts';
import { returnedLike, returnedTensor } from './returned.ts';
import { checkScheduler, coefficientsAt } from './scheduler.ts';

/**
 * What each row's squared error is multiplied with:
 * - 'uniform': 1.
 * - 'velocity': what makes it the flow-matching loss, (Δ/σ)² on data, (Δ/α)² on noise.
 * - 'snr': (α/σ)² on data, which equals 'uniform' on noise.
 * - 'minSnr': min((α/σ)², 5) on data, min((α/σ)², 5) (σ/α)² on noise (Hang et al. 2023).
 * - a function of t and the coefficients of the path there.
 */
export type LossWeighting =
  | 'uniform'
  | 'velocity'
  | 'snr'
  | 'minSnr'
  | ((t: Tensor, coefficients: Coefficients) => Tensor);

export interface PredictionLossOptions<Extra extends object = object> {
  /** The network: its prediction at (x_t, t), of the shape of x_t. The sample holds x0, x1 and further fields, such as labels. */
  predict(xt: Tensor, t: Tensor, sample: PathSample & Extra): Tensor;
  readonly path: AffinePath;
  /** Default: 'uniform'. */
  readonly weighting?: LossWeighting;
  /** The largest weight; weights of some kinds are infinite at an end (default 1e4). */
  readonly largestWeight?: number;
  /** As for `conditionalFlowMatchingLoss` (default 'mean'). */
  readonly reduction?: LossReduction;
}

const MIN_SNR = 5;

/**
 * The loss of a network that predicts the data, E w(t) |D(x_t, t) - x_1|² / d, whose minimum is D = E[x_1 | x_t].
 * x0 and x1 are (batch, …); t is a scalar or (batch). Returns a scalar, or (batch) for reduction 'none'.
 *
 * @throws PathShapeError for a prediction of another shape than x_t; ArgumentError for an unknown option, weighting or
 * reduction; SchedulerError for a path without scheduler; and what the path's `sample` throws.
 */
export const dataPredictionLoss = <Extra extends object = object>(
  options: PredictionLossOptions<Extra>,
  x0: TensorLike,
  x1: TensorLike,
  t: TensorLike,
  extra?: Extra,
): Tensor => predictionLoss('dataPredictionLoss', 'data', options, { x0, x1, t }, extra);

/** The loss of a network that predicts the noise, E w(t) |e(x_t, t) - x_0|² / d. Otherwise as `dataPredictionLoss`. */
export const noisePredictionLoss = <Extra extends object = object>(
  options: PredictionLossOptions<Extra>,
  x0: TensorLike,
  x1: TensorLike,
  t: TensorLike,
  extra?: Extra,
): Tensor => predictionLoss('noisePredictionLoss', 'noise', options, { x0, x1, t }, extra);

/** (α/σ)², finite at σ = 0. */
const ratioOf = ({ alphaT, sigmaT }: Coefficients): Tensor => alphaT.div(sigmaT.maximum(1e-12)).square();

/** Weights by target and kind. */
const WEIGHTS: Readonly<
  Record<
    'data' | 'noise',
    Readonly<Record<Exclude<LossWeighting, (...given: never) => unknown>, (c: Coefficients) => Tensor>>
  >
> = {
  data: {
    uniform: (c) => c.alphaT.mul(0).add(1),
    velocity: (c) => c.delta.div(c.sigmaT.maximum(1e-12)).square(),
    snr: ratioOf,
    minSnr: (c) => ratioOf(c).minimum(MIN_SNR),
  },
  noise: {
    uniform: (c) => c.alphaT.mul(0).add(1),
    velocity: (c) => c.delta.div(c.alphaT.maximum(1e-12)).square(),
    snr: ratioOf,
    minSnr: (c) => ratioOf(c).reciprocal().mul(MIN_SNR).minimum(1),
  },
};

function predictionLoss<Extra extends object>(
  use: string,
  target: 'data' | 'noise',
  options: PredictionLossOptions<Extra>,
  ends: PathInput,
  extra: Extra | undefined,
): Tensor {
  const {
    predict,
    path,
    weighting = 'uniform',
    largestWeight = 1e4,
    reduction = 'mean',
  } = checkedOptions(use, options, ['predict', 'path', 'weighting', 'largestWeight', 'reduction']);
  checkFunctions(use, predict);
  checkScheduler(use, path?.scheduler);
  if (!(largestWeight > 0)) checkedNumber(`${use}: largestWeight`, largestWeight, Number.MIN_VALUE);
  if (typeof weighting !== 'function') checkOneOf(use, 'a weighting', weighting, Object.keys(WEIGHTS.data));
  const sample = path.sample({ ...extra, ...ends } as PathInput & Extra) as PathSample & Extra;
  const { xt, x0, x1, t } = sample;
  const given = returnedLike(use, 'a prediction', predict(xt, t, sample), xt);
  const coefficients = withDelta(coefficientsAt(path.scheduler, t));
  const weight =
    typeof weighting === 'function'
      ? weightsOf(use, weighting(t, coefficients), t)
      : WEIGHTS[target][weighting](coefficients);
  const squares = given.sub(target === 'data' ? x1 : x0).square();
  return reduceRows(use, squares, reduction, weight.minimum(largestWeight));
}

/** Weights that a function of the caller returned: one number, or one for each time. */
function weightsOf(use: string, given: unknown, t: Tensor): Tensor {
  const weight = typeof given === 'number' ? fullLike(t, given) : returnedTensor(use, 'weights', given);
  if (weight.shape.length === 0 || weight.shape.join() === t.shape.join()) return weight;
  throw new PathShapeError(
    `${use}: expected weights of the shape of t [${t.shape.join(', ')}], got [${weight.shape.join(', ')}]. Return one for each time.`,
  );
}
