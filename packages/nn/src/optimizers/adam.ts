import { ArgumentError, checkedOptions, type Tensor } from '@flowfield/tensor-webgpu';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { scaleByLearningRate } from './scale.ts';
import { type GradientTransform, mapTree, scalarZero, zerosOf } from './transform.ts';

export interface AdamMoments {
  /** Decay of the mean of gradients (default 0.9). */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients (default 0.999). */
  readonly beta2?: number;
  /** Added to the root of the second moment (default 1e-8). */
  readonly epsilon?: number;
}

const momentNames = ['beta1', 'beta2', 'epsilon'] as const;

/** The names of the options of `adam`. */
export const adamOptionNames = ['learningRate', ...momentNames] as const;

type AdamState<P> = { step: Tensor; mean: P; square: P };

/** 1 - betaᵗ, without the loss of digits of the plain form. */
const correction = (beta: number, t: Tensor): Tensor => t.mul(Math.log(beta)).expm1().neg();

/**
 * Adam's direction: m̂ / (√v̂ + epsilon) with m <- β₁ m + (1 - β₁) g, v <- β₂ v + (1 - β₂) g², m̂ = m / (1 - β₁ᵗ),
 * v̂ = v / (1 - β₂ᵗ), t = 1 at the first update (Kingma & Ba 2015, algorithm 1). State: `{step, mean, square}`.
 * @throws ArgumentError unless both betas lie in (0, 1) and epsilon is positive.
 */
export function scaleByAdam(options: AdamMoments = {}): GradientTransform {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = checkedOptions('scaleByAdam', options, momentNames);
  for (const [name, beta] of [['beta1', beta1] as const, ['beta2', beta2] as const]) {
    if (!(beta > 0 && beta < 1)) throw new ArgumentError(`adam: ${name} must lie in (0, 1), got ${beta}.`);
  }
  if (!(epsilon > 0)) throw new ArgumentError(`adam: epsilon must be positive, got ${epsilon}.`);
  return {
    init: (params) => ({
      step: scalarZero(params, 'i32'),
      mean: zerosOf(params) as never,
      square: zerosOf(params) as never,
    }),
    update: <P>(grads: P, state: unknown, _params: P) => {
      const { step, mean, square } = state as AdamState<P>;
      const next = step.add(1);
      const m = mapTree((old, grad) => old.mul(beta1).add(grad.mul(1 - beta1)), mean, grads);
      const v = mapTree((old, grad) => old.mul(beta2).add(grad.square().mul(1 - beta2)), square, grads);
      const updates = mapTree(
        (first, second) => {
          const t = next.astype(first.dtype);
          const rootOfSecond = second.div(correction(beta2, t)).sqrt();
          return first.div(correction(beta1, t)).div(rootOfSecond.add(epsilon));
        },
        m,
        v,
      );
      return [updates, { step: next, mean: m as never, square: v as never }];
    },
  };
}

export interface AdamOptions extends AdamMoments {
  readonly learningRate: number | Schedule;
}

/**
 * Adam: params <- params - learningRate · m̂ / (√v̂ + epsilon). See `scaleByAdam`.
 * @throws ArgumentError for an unknown option, a bad learning rate and what `scaleByAdam` throws.
 */
export function adam(options: AdamOptions): GradientTransform {
  const { learningRate, ...moments } = checkedOptions('adam', options, adamOptionNames);
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}
