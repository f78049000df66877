import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { checkDecay } from './ranges.ts';
import { scaleByLearningRate } from './scale.ts';
import { checkedState, type GradientTransform, mapTree, type OptimizerState, zerosOf } from './transform.ts';
import { addWeightDecay, type WeightDecayOptions } from './weightDecay.ts';

export interface LionOptions extends Partial<WeightDecayOptions> {
  /** A third to a tenth of Adam's. */
  readonly learningRate: number | Schedule;
  /** Share of the memory in the direction (default 0.9), in [0, 1). */
  readonly beta1?: number;
  /** Decay of the memory (default 0.99), in [0, 1). */
  readonly beta2?: number;
}

/**
 * Lion: params <- params - learningRate · (sign(β₁ m + (1 - β₁) g) + weightDecay · params), then m <- β₂ m + (1 - β₂) g
 * (Chen et al. 2023, algorithm 2). The default weight decay is 0.001, as in Optax. State of its first part: `{mean}`.
 * @throws ArgumentError for betas outside [0, 1), a bad learning rate, a negative weight decay or an unknown option.
 */
export function lion(options: LionOptions): GradientTransform {
  const {
    learningRate,
    beta1 = 0.9,
    beta2 = 0.99,
    weightDecay = 1e-3,
    decays,
  } = checkedOptions('lion', options, ['learningRate', 'beta1', 'beta2', 'weightDecay', 'decays']);
  checkDecay('lion: beta1', beta1);
  checkDecay('lion: beta2', beta2);
  const direction: GradientTransform = {
    init: (params) => ({ mean: zerosOf(params) as never }),
    update: <P>(grads: P, state: OptimizerState, _params: P) => {
      const last = checkedState<{ mean: P }>('lion', state, ['mean']).mean;
      const updates = mapTree(
        (old, grad) =>
          old
            .mul(beta1)
            .add(grad.mul(1 - beta1))
            .sign(),
        last,
        grads,
      );
      const mean = mapTree((old, grad) => old.mul(beta2).add(grad.mul(1 - beta2)), last, grads);
      return [updates, { mean: mean as never }];
    },
  };
  return chain(direction, addWeightDecay({ weightDecay, decays }), scaleByLearningRate(learningRate));
}
