import type { Tensor } from '@flowfield/tensor-webgpu';
import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { momentum as withMomentum } from './momentum.ts';
import { checkDecay, checkEpsilons, checkNesterov } from './ranges.ts';
import { root } from './root.ts';
import { scaleByLearningRate } from './scale.ts';
import { checkedState, type GradientTransform, mapTree, type OptimizerState, zerosOf } from './transform.ts';

export interface RmsOptions {
  /** Decay of the mean of squared gradients (default 0.9), in [0, 1). */
  readonly decay?: number;
  /** Added to the root (default 0). PyTorch's form is `epsilon: 1e-8, epsilonRoot: 0`. */
  readonly epsilon?: number;
  /** Added under the root (default 1e-8, as in Optax). */
  readonly epsilonRoot?: number;
  /** Take the squared mean of gradients off the mean of squares, which leaves their variance (default false). */
  readonly centered?: boolean;
}

const rmsNames = ['decay', 'epsilon', 'epsilonRoot', 'centered'] as const;

type RmsState<P> = { square: P; mean: P | null };

/**
 * g / (√(v + epsilonRoot) + epsilon) with v <- decay v + (1 - decay) g²; `centered` subtracts the square of
 * m <- decay m + (1 - decay) g from v (Graves 2013, equations 38 to 42). State: `{square, mean}`.
 * @throws ArgumentError unless 0 <= decay < 1, no epsilon is negative and one is positive.
 */
export function scaleByRms(options: RmsOptions = {}): GradientTransform {
  const {
    decay = 0.9,
    epsilon = 0,
    epsilonRoot = 1e-8,
    centered = false,
  } = checkedOptions('scaleByRms', options, rmsNames);
  checkDecay('rmsProp: decay', decay);
  checkEpsilons('rmsProp', epsilon, epsilonRoot);
  const scaled = (grad: Tensor, spread: Tensor): Tensor =>
    grad.div(root(epsilonRoot > 0 ? spread.add(epsilonRoot) : spread).add(epsilon));
  return {
    init: (params) => ({ square: zerosOf(params) as never, mean: centered ? (zerosOf(params) as never) : null }),
    update: <P>(grads: P, state: OptimizerState, _params: P) => {
      const last = checkedState<RmsState<P>>('rmsProp', state, ['square', 'mean']);
      const square = mapTree((old, grad) => old.mul(decay).add(grad.square().mul(1 - decay)), last.square, grads);
      if (last.mean === null) return [mapTree(scaled, grads, square), { square: square as never, mean: null }];
      const mean = mapTree((old, grad) => old.mul(decay).add(grad.mul(1 - decay)), last.mean, grads);
      // A variance is at least 0; rounding alone can make the difference negative.
      const updates = mapTree((grad, v, m) => scaled(grad, v.sub(m.square()).maximum(0)), grads, square, mean);
      return [updates, { square: square as never, mean: mean as never }];
    },
  };
}

export interface RmsPropOptions extends RmsOptions {
  readonly learningRate: number | Schedule;
  /** In [0, 1); left out, there is no memory of updates. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/**
 * RMSprop: params <- params - learningRate · g / (√(v + epsilonRoot) + epsilon), with optional (Nesterov) momentum
 * (Tieleman & Hinton 2012, lecture 6e). See `scaleByRms`.
 * @throws ArgumentError for an unknown option, a bad learning rate or momentum, and what `scaleByRms` throws.
 */
export function rmsProp(options: RmsPropOptions): GradientTransform {
  const { learningRate, momentum, nesterov, ...moments } = checkedOptions('rmsProp', options, [
    'learningRate',
    'momentum',
    'nesterov',
    ...rmsNames,
  ]);
  checkNesterov('rmsProp', momentum, nesterov);
  const memory = momentum === undefined ? [] : [withMomentum({ decay: momentum, nesterov })];
  return chain(scaleByRms(moments), scaleByLearningRate(learningRate), ...memory);
}
