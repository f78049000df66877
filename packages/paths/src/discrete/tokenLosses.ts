import {
  checkedOptions,
  checkFunctions,
  logSoftmax,
  type random,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import { denominator, withDelta } from '../denominators.ts';
import { checkReduction, type LossReduction, reduceRows } from '../lossReduction.ts';
import { coefficientsAt } from '../scheduler.ts';
import { perRow } from '../times.ts';
import type { MixtureInput, MixturePath, MixtureSample } from './mixturePath.ts';
import { checkConvex } from './mixturePath.ts';
import { atTokens, checkLogits, checkRange } from './tokens.ts';

export interface TokenLossOptions<Extra extends object = object> {
  /** The posterior network: logits of x_1 at each place, (batch, …, vocabulary), at (x_t, t). */
  logits(xt: Tensor, t: Tensor, sample: MixtureSample & Extra): Tensor;
  readonly path: MixturePath;
  /** Over tokens in the place of coordinates (default 'mean'). */
  readonly reduction?: LossReduction;
}

/** Draws of x_t for a loss. */
interface Drawn {
  readonly x0: TensorLike;
  readonly x1: TensorLike;
  readonly t: TensorLike;
  readonly key: random.Key;
}

/**
 * Cross-entropy of the posterior, -E ln p(x_1 | x_t), per token; its minimum is the true posterior.
 *
 * Source: Gat et al. 2024, "Discrete Flow Matching", eq. 17.
 * @throws TokenError for logits of another shape or tokens outside their vocabulary; ArgumentError for unknown options;
 * and what the path's `sample` throws.
 */
export function tokenCrossEntropyLoss<Extra extends object = object>(
  options: TokenLossOptions<Extra>,
  input: Drawn & Extra,
): Tensor {
  const use = 'tokenCrossEntropyLoss';
  const { logarithms, sample, reduction } = evaluate(use, options, input);
  return reduceRows(use, atTokens(logarithms, sample.x1).neg(), reduction);
}

/**
 * The generalised Kullback-Leibler divergence between the rates of jumps to the data and those of the posterior p,
 *
 *   κ'/(1-κ) · { 1 - p(x_t)             where x_t = x_1,
 *              { -ln p(x_1) - p(x_t)    elsewhere,
 *
 * per token; each value is at least 0. It bounds the likelihood of the flow.
 *
 * Source: Shaul et al. 2024, "Flow Matching with General Discrete Paths", eq. 27; Lipman et al. 2024, eq. 7.32.
 * @throws SingularConversionError at t = 1, where the rate is infinite, if t is known; and like `tokenCrossEntropyLoss`.
 */
export function generalizedKLLoss<Extra extends object = object>(
  options: TokenLossOptions<Extra>,
  input: Drawn & Extra,
): Tensor {
  const use = 'generalizedKLLoss';
  const { logarithms, sample, reduction } = evaluate(use, options, input);
  const { scheduler } = options.path;
  const { xt, x1, t } = sample;
  const c = withDelta(coefficientsAt(scheduler, t));
  const rate = c.dAlphaT.div(denominator(use, scheduler, 'sigmaT', c, t));
  const stays = xt.equal(x1).astype(logarithms.dtype);
  const own = atTokens(logarithms, xt).exp();
  const missed = atTokens(logarithms, x1).neg();
  // A token that stays costs nothing even where the posterior has it as impossible: 0 times infinity is 0 here.
  const errors = stays.sub(own).add(where(xt.equal(x1), 0, missed));
  return reduceRows(use, errors.mul(perRow(rate, x1)), reduction);
}

function evaluate<Extra extends object>(use: string, options: TokenLossOptions<Extra>, input: Drawn & Extra) {
  const { logits, path, reduction = 'mean' } = checkedOptions(use, options, ['logits', 'path', 'reduction']);
  checkFunctions(use, logits, path?.sample);
  checkConvex(use, path.scheduler);
  checkReduction(use, reduction);
  const sample = path.sample<Extra>(input as MixtureInput & Extra) as unknown as MixtureSample & Extra;
  const given = checkLogits(use, logits(sample.xt, sample.t, sample), sample.x1);
  checkRange(use, 'x1', sample.x1, given.shape[given.shape.length - 1]);
  checkRange(use, 'x0', sample.x0, given.shape[given.shape.length - 1]);
  return { logarithms: logSoftmax(given, { axis: -1 }), sample, reduction };
}
