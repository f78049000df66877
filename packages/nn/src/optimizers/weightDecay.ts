import { ArgumentError, checkedOptions, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type GradientTransform, stateless } from './transform.ts';

export interface WeightDecayOptions {
  readonly weightDecay: number;
  /** Which parameters decay, by path (`layers.0.bias`); all by default. */
  readonly decays?: (path: string) => boolean;
}

/**
 * updates + weightDecay · params.
 * @throws ArgumentError for a weight decay that is not a finite number of at least 0.
 */
export function addWeightDecay(options: WeightDecayOptions): GradientTransform {
  const { weightDecay, decays = () => true } = checkedOptions('addWeightDecay', options, ['weightDecay', 'decays']);
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay))) {
    throw new ArgumentError(`weightDecay must be a finite number of at least 0, got ${weightDecay}.`);
  }
  return stateless(<P>(grads: P, params: P): P => {
    const structure = tree.structure(params);
    const paths = tree.paths(params);
    const updates = tree.leaves<Tensor>(grads);
    const decayed = tree
      .leaves<Tensor>(params)
      .map((leaf, i) => (decays(paths[i]) ? updates[i].add(leaf.mul(weightDecay)) : updates[i]));
    return tree.unflatten(structure, decayed) as P;
  });
}
