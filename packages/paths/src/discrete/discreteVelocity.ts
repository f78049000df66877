import { checkedOptions, oneHot, softmax, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { denominator, withDelta } from '../denominators.ts';
import { coefficientsAt, type Scheduler } from '../scheduler.ts';
import { asTimes, checkTimes, perRow } from '../times.ts';
import { checkConvex } from './mixturePath.ts';
import { asTokens, checkLogits, checkRange } from './tokens.ts';

/**
 * The rates of jumps of the mixture path with posterior softmax(logits): u(y | x_t) = κ'/(1-κ) (p(y | x_t) - [y = x_t]),
 * (batch, …, vocabulary); each sums to 0.
 *
 * Source: Gat et al. 2024, "Discrete Flow Matching", eq. 14.
 * @throws SingularConversionError at a known t = 1; TokenError, TimeShapeError, TimeRangeError and SchedulerError.
 */
export function discreteVelocity(
  scheduler: Scheduler,
  logits: Tensor,
  options: { readonly xt: TensorLike; readonly t: TensorLike },
): Tensor {
  const use = 'discreteVelocity';
  checkConvex(use, scheduler);
  const { xt, t } = checkedOptions(use, options, ['xt', 't']);
  const tokens = asTokens(use, 'xt', xt);
  const probabilities = softmax(checkLogits(use, logits, tokens), { axis: -1 });
  const times = asTimes(use, t, tokens.astype(probabilities.dtype));
  checkTimes(use, times);
  const c = withDelta(coefficientsAt(scheduler, times));
  const rate = c.dAlphaT.div(denominator(use, scheduler, 'sigmaT', c, times));
  checkRange(use, 'xt', tokens, probabilities.shape[probabilities.ndim - 1]);
  const here = oneHot(tokens, probabilities.shape[probabilities.ndim - 1], { dtype: probabilities.dtype });
  return probabilities.sub(here).mul(perRow(rate, probabilities));
}
