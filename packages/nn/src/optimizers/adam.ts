import type { Tensor } from '@flowfield/tensor-webgpu';
import { ArgumentError, checkedOptions } from '@flowfield/tensor-webgpu/errors';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { checkDecay, checkEpsilons } from './ranges.ts';
import { root } from './root.ts';
import { scaleByLearningRate } from './scale.ts';
import {
  checkedState,
  type GradientTransform,
  mapTree,
  type OptimizerState,
  scalarZero,
  zerosOf,
} from './transform.ts';

export interface AdamMoments {
  /** Decay of the mean of gradients (default 0.9), in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients (default 0.999), in [0, 1). */
  readonly beta2?: number;
  /** Added to the root of the second moment (default 1e-8). */
  readonly epsilon?: number;
  /** Added to the second moment under the root (default 0), as `eps_root` of Optax. */
  readonly epsilonRoot?: number;
  /** Look ahead along the mean: β₁ m̂ + (1 - β₁) g in its place (NAdam, Dozat 2016; default false). */
  readonly nesterov?: boolean;
}

const momentNames = ['beta1', 'beta2', 'epsilon', 'epsilonRoot', 'nesterov'] as const;

/** The names of the options of `adam`. */
export const adamOptionNames = [
  'learningRate',
  'beta1',
  'beta2',
  'epsilon',
  'epsilonRoot',
  'nesterov',
] as const satisfies readonly (keyof AdamOptions)[];

type AdamState<P> = { step: Tensor; mean: P; square: P };

/** 1 - betaᵗ, without the loss of digits of the plain form. */
const correction = (beta: number, t: Tensor): Tensor =>
  beta === 0 ? t.mul(0).add(1) : t.mul(Math.log(beta)).expm1().neg();

/**
 * Adam's direction: m̂ / (√(v̂ + epsilonRoot) + epsilon) with m <- β₁ m + (1 - β₁) g, v <- β₂ v + (1 - β₂) g²,
 * m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ), t = 1 at the first update (Kingma & Ba 2015, algorithm 1). With `nesterov`, m̂ is
 * β₁ m / (1 - β₁ᵗ⁺¹) + (1 - β₁) g / (1 - β₁ᵗ). State: `{step, mean, square}`. The derivative of the direction in a first
 * gradient of 0 is 1 / epsilon.
 * @throws ArgumentError unless both betas lie in [0, 1), no epsilon is negative and one is positive.
 */
export function scaleByAdam(options: AdamMoments = {}): GradientTransform {
  const {
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    epsilonRoot = 0,
    nesterov = false,
  } = checkedOptions('scaleByAdam', options, momentNames);
  checkDecay('adam: beta1', beta1);
  checkDecay('adam: beta2', beta2);
  checkEpsilons('adam', epsilon, epsilonRoot);
  if (typeof nesterov !== 'boolean') {
    throw new ArgumentError(`adam: nesterov must be true or false, got ${String(nesterov)}.`);
  }
  return {
    init: (params) => ({
      step: scalarZero(params, 'i32'),
      mean: zerosOf(params) as never,
      square: zerosOf(params) as never,
    }),
    update: <P>(grads: P, state: OptimizerState, _params: P) => {
      const { step, mean, square } = checkedState<AdamState<P>>('adam', state, ['step', 'mean', 'square']);
      const next = step.add(1);
      const m = mapTree((old, grad) => old.mul(beta1).add(grad.mul(1 - beta1)), mean, grads);
      const v = mapTree((old, grad) => old.mul(beta2).add(grad.square().mul(1 - beta2)), square, grads);
      const updates = mapTree(
        (first, second, grad) => {
          const t = next.astype(first.dtype);
          const direction = nesterov
            ? first
                .mul(beta1)
                .div(correction(beta1, t.add(1)))
                .add(grad.mul(1 - beta1).div(correction(beta1, t)))
            : first.div(correction(beta1, t));
          const corrected = second.div(correction(beta2, t));
          const rootOfSecond = root(epsilonRoot > 0 ? corrected.add(epsilonRoot) : corrected);
          return direction.div(rootOfSecond.add(epsilon));
        },
        m,
        v,
        grads,
      );
      return [updates, { step: next, mean: m as never, square: v as never }];
    },
  };
}

export interface AdamOptions extends AdamMoments {
  readonly learningRate: number | Schedule;
}

/**
 * Adam: params <- params - learningRate · m̂ / (√(v̂ + epsilonRoot) + epsilon). See `scaleByAdam`.
 * @throws ArgumentError for an unknown option, a bad learning rate and what `scaleByAdam` throws.
 */
export function adam(options: AdamOptions): GradientTransform {
  const { learningRate, ...moments } = checkedOptions('adam', options, adamOptionNames);
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}
