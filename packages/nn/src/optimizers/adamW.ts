import { type AdamOptions, scaleByAdam } from './adam.ts';
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
export const adamW = ({ learningRate, weightDecay = 0.01, decays, ...moments }: AdamWOptions): GradientTransform =>
  chain(scaleByAdam(moments), addWeightDecay({ weightDecay, decays }), scaleByLearningRate(learningRate));
