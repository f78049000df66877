import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import { type AdamOptions, adamOptionNames, scaleByAdam } from './adam.ts';
import { chain } from './chain.ts';
import { scaleByLearningRate } from './scale.ts';
import type { GradientTransform } from './transform.ts';
import { addWeightDecay, type WeightDecayOptions } from './weightDecay.ts';

export interface AdamWOptions extends AdamOptions, Partial<WeightDecayOptions> {}

/**
 * Adam with decoupled weight decay: params <- params - learningRate · (m̂ / (√v̂ + epsilon) + weightDecay · params)
 * (Loshchilov & Hutter 2019, algorithm 2, in PyTorch's form). The default weight decay is 0.01.
 * @throws ArgumentError for a negative weight decay and what `adam` throws.
 */
export function adamW(options: AdamWOptions): GradientTransform {
  const {
    learningRate,
    weightDecay = 0.01,
    decays,
    ...moments
  } = checkedOptions('adamW', options, [...adamOptionNames, 'weightDecay', 'decays']);
  return chain(scaleByAdam(moments), addWeightDecay({ weightDecay, decays }), scaleByLearningRate(learningRate));
}
