import { checkedOptions, checkFunctions, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import type { InterpolantInput, InterpolantPath, InterpolantSample } from './interpolantPath.ts';
import { checkReduction, type LossReduction, reduceRows } from './lossReduction.ts';
import { returnedLike } from './returned.ts';

export interface InterpolantNoiseLossOptions<Extra extends object = object> {
  /** The network for E[z | x_t], of the shape of x_t; the score is its negative over γ. */
  predict(xt: Tensor, t: Tensor, sample: InterpolantSample & Extra): Tensor;
  readonly path: InterpolantPath;
  /** As for `conditionalFlowMatchingLoss` (default 'mean'). */
  readonly reduction?: LossReduction;
}

/**
 * The loss of a network for the noise of a stochastic interpolant, E |η(x_t, t) - z|² / D: what its SDE and the drift of a
 * Schrödinger bridge need beside the velocity. `input` holds the key or the noise, and fields that travel with the sample.
 *
 * Source: Albergo, Boffi and Vanden-Eijnden 2023, "Stochastic Interpolants", eq. 2.19; Tong et al. 2023.
 * @throws PathShapeError for a prediction of another shape; ArgumentError for unknown options; and what the path's `sample` throws.
 */
export function interpolantNoiseLoss<Extra extends object = object>(
  options: InterpolantNoiseLossOptions<Extra>,
  x0: TensorLike,
  x1: TensorLike,
  t: TensorLike,
  input: Pick<InterpolantInput, 'key' | 'noise'> & Extra,
): Tensor {
  const use = 'interpolantNoiseLoss';
  const { predict, path, reduction = 'mean' } = checkedOptions(use, options, ['predict', 'path', 'reduction']);
  checkFunctions(use, predict, path?.sample);
  checkReduction(use, reduction);
  const sample = path.sample({ ...input, x0, x1, t } as InterpolantInput & Extra) as InterpolantSample & Extra;
  const given = returnedLike(use, 'a prediction', predict(sample.xt, sample.t, sample), sample.xt);
  return reduceRows(use, given.sub(sample.noise).square(), reduction);
}
