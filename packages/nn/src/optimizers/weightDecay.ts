import type { Tensor } from '@flowfield/tensor-webgpu';
import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import * as tree from '@flowfield/tensor-webgpu/tree';
import { checkAmount } from './ranges.ts';
import { checkAlike, chosenPaths, type GradientTransform, isBoolean, stateless } from './transform.ts';

export interface WeightDecayOptions {
  readonly weightDecay: number;
  /** Which parameters decay, by path (`layers.0.bias`); all by default. */
  readonly decays?: (path: string) => boolean;
}

/**
 * updates + weightDecay · params.
 * @throws ArgumentError for a weight decay that is not a finite number of at least 0; `update` for a `decays` that does not
 *   return true or false.
 */
export function addWeightDecay(options: WeightDecayOptions): GradientTransform {
  const { weightDecay, decays = () => true } = checkedOptions('addWeightDecay', options, ['weightDecay', 'decays']);
  checkAmount('weightDecay', weightDecay);
  return stateless(<P>(grads: P, params: P): P => {
    const structure = tree.structure(params);
    const chosen = chosenPaths('decays', params, decays, 'true or false', isBoolean);
    checkAlike(grads, params);
    const updates = tree.leaves<Tensor>(grads);
    const decayed = tree
      .leaves<Tensor>(params)
      .map((leaf, i) => (chosen[i].choice ? updates[i].add(leaf.mul(weightDecay)) : updates[i]));
    return tree.unflatten(structure, decayed) as P;
  });
}
