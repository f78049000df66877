import { condOTScheduler, type Scheduler, SchedulerError, schedulerAt, TokenError } from '@flowfield/paths';
import { checkedOptions, checkFunctions, random, ShapeError, type Tensor, where } from '@flowfield/tensor-webgpu';
import { checkedNumber, checkOneOf } from '../choices.ts';
import { returnedLike, returnedScalar, returnedTensor } from '../returned.ts';
import { perRow, scalarType } from '../rows.ts';
import { type Transition, transitionOf } from './transition.ts';

/** The posterior network: tokens (batch, …) and times (batch) to logits of the data, (batch, …, vocabulary). */
export type TokenModel = (tokens: Tensor, t: Tensor) => Tensor;

export interface DiscreteEulerOptions {
  /** κ = α of this convex scheduler (default: κ = t). */
  readonly scheduler?: Scheduler;
  /**
   * The probability that a token jumps in a step of length h: 'exact' (default), (κ' - κ) / (1 - κ), leaves nothing of the
   * source at κ = 1; 'exponential', 1 - exp(-h rate); 'linear', h rate.
   */
  readonly jump?: 'exact' | 'exponential' | 'linear';
  /**
   * The rate c(t) >= 0 of a divergence-free part: tokens are drawn anew from κ p(x_1 | x_t) + (1 - κ) p_0, which keeps
   * the law and corrects earlier errors. A number or a function of t; needs `source` (default 0).
   */
  readonly divergenceFree?: number | ((t: Tensor) => Tensor);
  /** The source of the path, such as `uniformSource(v)` or `maskSource(v)` of @flowfield/paths. */
  readonly source?: { sample(key: random.Key, shape: readonly number[]): Tensor };
}

/** (κ' - κ) / (1 - κ) and rates divide by what is left, which is at least this. */
const LEAST_REST = 1e-12;

/**
 * An Euler step of the mixture path over tokens: a data token is drawn from the posterior softmax(logits) at each place,
 * and the place jumps to it with the probability of the step. One model call per step. Run it by
 * `sampleChain(discreteEuler(model), source.sample(key, shape), { steps, key })`.
 *
 * Source: Gat et al. 2024, "Discrete Flow Matching", algorithm 1; Campbell et al. 2024, "Generative Flows on Discrete
 * State-Spaces".
 * @throws SchedulerError unless the scheduler is convex; ArgumentError for other options; (the step) TokenError for points
 * that are no i32 tokens, ShapeError for logits of another shape.
 */
export function discreteEuler(model: TokenModel, options: DiscreteEulerOptions = {}): Transition {
  const use = 'discreteEuler';
  checkFunctions(use, model);
  const {
    scheduler = condOTScheduler(),
    jump = 'exact',
    divergenceFree = 0,
    source,
  } = checkedOptions(use, options, ['scheduler', 'jump', 'divergenceFree', 'source']);
  schedulerAt(scheduler, 0.5);
  if (!scheduler.convex) {
    throw new SchedulerError(
      `${use}: expected a convex scheduler (κ = α from 0 to 1), got ${scheduler.name}. Use condOTScheduler or polynomialScheduler.`,
    );
  }
  checkOneOf(use, 'a jump', jump, ['exact', 'exponential', 'linear']);
  if (typeof divergenceFree === 'number') checkedNumber(`${use}: divergenceFree`, divergenceFree, 0);
  else checkFunctions(use, divergenceFree);
  if (divergenceFree !== 0) checkFunctions(use, source?.sample);
  return transitionOf(1, (x, t, tNext, key) => {
    if (x.dtype !== 'i32') {
      throw new TokenError(`${use}: expected tokens (i32), got ${x.dtype}. Draw them from the source of the path.`);
    }
    const time = perRow(t.astype('f32'), x.astype('f32'));
    const logits = returnedTensor(use, 'logits', model(x, time));
    if (logits.ndim !== x.ndim + 1 || x.shape.some((extent, i) => extent !== logits.shape[i])) {
      throw new ShapeError(
        `${use}: expected logits of shape [${[...x.shape, 'vocabulary'].join(', ')}], got [${logits.shape.join(', ')}].`,
      );
    }
    const keys = random.split(key, 6);
    const dtype = scalarType(x);
    const [now, next] = [t.astype(dtype), tNext.astype(dtype)];
    const [kappa, kappaNext] = [schedulerAt(scheduler, now), schedulerAt(scheduler, next)];
    const h = next.sub(now);
    const rest = kappa.sigmaT.maximum(LEAST_REST);
    const rate = kappa.dAlphaT.div(rest);
    const probability =
      jump === 'exact'
        ? kappa.sigmaT.sub(kappaNext.sigmaT).div(rest)
        : jump === 'exponential'
          ? rate.mul(h).neg().expm1().neg()
          : rate.mul(h);
    const chosen = (from: random.Key, share: Tensor): Tensor => random.uniform(from, x.shape, { dtype }).less(share);
    // Neither NaN nor logits that are all -∞ say which token: such a place is marked, and the chain names it.
    const known = logits
      .max({ axis: -1 })
      .greater(Number.NEGATIVE_INFINITY)
      .logicalAnd(logits.isNaN().any({ axis: -1 }).logicalNot());
    const draw = (from: random.Key): Tensor => where(known, random.categorical(from, logits).astype('i32'), -1);
    const data = draw(keys.slice(0));
    const jumped = where(chosen(keys.slice(1), probability), data, x);
    if (divergenceFree === 0 || !source) return jumped;
    const correction =
      typeof divergenceFree === 'number'
        ? h.mul(divergenceFree)
        : h.mul(returnedScalar(use, 'a divergence-free rate', divergenceFree(now), h));
    const fresh = draw(keys.slice(2));
    const drawn = returnedLike(use, 'tokens of the source', source.sample(keys.slice(4), x.shape), x);
    const mixed = where(chosen(keys.slice(3), kappaNext.alphaT), fresh, drawn);
    return where(chosen(keys.slice(5), correction.neg().expm1().neg()), mixed, jumped);
  });
}
