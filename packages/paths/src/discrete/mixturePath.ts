import { random, type Tensor, type TensorLike, where } from '@flowfield/tensor-webgpu';
import { PathShapeError, SchedulerError, TokenError } from '../errors.ts';
import { checkScheduler, type Scheduler } from '../scheduler.ts';
import { condOTScheduler } from '../schedulers/condOT.ts';
import { asTimes, checkGiven, checkTimes, perRow } from '../times.ts';
import { asTokens } from './tokens.ts';

/** The ends of a path over tokens. */
export interface MixtureInput {
  /** Source tokens, (batch, …). */
  readonly x0: TensorLike;
  /** Data tokens, (batch, …). */
  readonly x1: TensorLike;
  /** A scalar or (batch). */
  readonly t: TensorLike;
  readonly key: random.Key;
}

export interface MixtureSample {
  /** i32, (batch, …). */
  readonly xt: Tensor;
  readonly x0: Tensor;
  readonly x1: Tensor;
  /** f32: a scalar or (batch). */
  readonly t: Tensor;
}

export interface MixturePath {
  /** κ = α of this scheduler. */
  readonly scheduler: Scheduler;
  sample<Extra extends object>(input: MixtureInput & Extra): MixtureSample & Omit<Extra, keyof MixtureSample | 'key'>;
}

/**
 * The mixture path over tokens: each token of x_t is that of x_1 with probability κ_t, else that of x_0, independently.
 * κ is the α of a convex scheduler (default: κ = t). Further fields of `sample`, such as labels, come back.
 *
 * Source: Gat et al. 2024, "Discrete Flow Matching", eq. 7.
 * @throws SchedulerError unless the scheduler is convex; (sample) TokenError for tokens that are no whole numbers,
 * PathShapeError for x0 and x1 of two shapes, TimeShapeError and TimeRangeError.
 */
export function mixturePath(scheduler: Scheduler = condOTScheduler()): MixturePath {
  checkConvex('mixturePath', scheduler);
  const use = `mixturePath(${scheduler.name}).sample`;
  return {
    scheduler,
    sample<Extra extends object>(input: MixtureInput & Extra) {
      checkGiven(use, 'x0, x1 and t', input);
      const [x0, x1] = [asTokens(use, 'x0', input.x0), asTokens(use, 'x1', input.x1)];
      if (x0.shape.join() !== x1.shape.join()) {
        throw new PathShapeError(
          `${use}: expected x0 and x1 of one shape, got x0 [${x0.shape.join(', ')}] and x1 [${x1.shape.join(', ')}].`,
        );
      }
      if (input.key === undefined) throw new TokenError(`${use}: tokens are drawn. Give a key.`);
      const t = asTimes(use, input.t, x1.astype('f32'));
      checkTimes(use, t);
      const share = perRow(scheduler.alpha(t), x1);
      const { key, ...rest } = input;
      const xt = where(random.uniform(key, x1.shape).less(share), x1, x0);
      return { ...(rest as unknown as Omit<Extra, keyof MixtureSample | 'key'>), x0, x1, t, xt };
    },
  };
}

/** Throws `SchedulerError` unless α + σ = 1 from 0 to 1, so that α is a probability. */
export function checkConvex(use: string, scheduler: Scheduler): void {
  checkScheduler(use, scheduler);
  if (scheduler.convex) return;
  throw new SchedulerError(
    `${use}: expected a convex scheduler (κ = α from 0 to 1, σ = 1 - κ), got ${scheduler.name}. Use condOTScheduler or polynomialScheduler.`,
  );
}
