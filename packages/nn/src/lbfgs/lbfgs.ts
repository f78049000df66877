import { checkedOptions, checkedWhole, type Tensor, tree, where } from '@flowfield/tensor-webgpu';
import { chain } from '../optimizers/chain.ts';
import { scaleByLearningRate } from '../optimizers/scale.ts';
import {
  checkAlike,
  checkedState,
  type GradientTransform,
  type OptimizerState,
  scalarZero,
} from '../optimizers/transform.ts';
import type { Schedule } from '../schedules/schedule.ts';
import { asTree, asVector, emptyMemory, inverseHessianTimes, type PairMemory, remember } from './memory.ts';

export interface LbfgsOptions {
  /** The share of the quasi-Newton step that is taken (default 1). */
  readonly learningRate?: number | Schedule;
  /** How many past steps are remembered (default 10). */
  readonly memory?: number;
}

type LbfgsState = { step: Tensor; point: Tensor; gradient: Tensor; pairs: PairMemory };

/**
 * L-BFGS with steps of a fixed share: params <- params - learningRate · H g, where H is the inverse Hessian that the last
 * `memory` changes of parameters and gradients suggest (Liu & Nocedal 1989). For losses that are the same at every step: a
 * full batch, no random numbers. `minimizeLbfgs` chooses the length of every step instead. State: `{step, point, gradient,
 * pairs}` of vectors of all parameters.
 * @throws ArgumentError for a memory below 1, a bad learning rate or an unknown option.
 */
export function lbfgs(options: LbfgsOptions = {}): GradientTransform {
  const { learningRate = 1, memory = 10 } = checkedOptions('lbfgs', options, ['learningRate', 'memory']);
  checkedWhole('lbfgs: memory', memory);
  const direction: GradientTransform = {
    init: (params): OptimizerState => {
      const point = asVector(params).mul(0);
      return { step: scalarZero(params, 'i32'), point, gradient: point.mul(0), pairs: emptyMemory(point, memory) };
    },
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const last = checkedState<LbfgsState>('lbfgs', state, ['step', 'point', 'gradient', 'pairs']);
      checkAlike(grads, params);
      const point = asVector(params);
      const gradient = asVector(grads);
      const isFirst = last.step.equal(0);
      const grown = remember(last.pairs, point.sub(last.point), gradient.sub(last.gradient));
      const pairs = tree.map(
        (before: Tensor, after: Tensor): Tensor => where(isFirst, before, after),
        last.pairs,
        grown,
      ) as PairMemory;
      const updates = asTree(inverseHessianTimes(pairs, gradient), grads);
      return [updates, { step: last.step.add(1), point, gradient, pairs }];
    },
  };
  return chain(direction, scaleByLearningRate(learningRate));
}
