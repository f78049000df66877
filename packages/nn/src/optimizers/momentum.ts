import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import { checkDecay } from './ranges.ts';
import { checkedState, type GradientTransform, mapTree, type OptimizerState, zerosOf } from './transform.ts';

export interface MomentumOptions {
  /** How much of the last velocity stays, in [0, 1). */
  readonly decay: number;
  /** Look ahead: grads + decay · velocity in place of the velocity (default false). */
  readonly nesterov?: boolean;
}

/**
 * Heavy-ball momentum: velocity <- decay · velocity + grads, which is also the update (Sutskever et al. 2013, in
 * PyTorch's form). State: `{velocity}`, a tree like the parameters.
 * @throws ArgumentError unless 0 <= decay < 1.
 */
export function momentum(options: MomentumOptions): GradientTransform {
  const { decay, nesterov = false } = checkedOptions('momentum', options, ['decay', 'nesterov']);
  checkDecay('momentum: decay', decay);
  return {
    init: (params) => ({ velocity: zerosOf(params) as never }),
    update: <P>(grads: P, state: OptimizerState, _params: P) => {
      const last = checkedState<{ velocity: P }>('momentum', state, ['velocity']).velocity;
      const velocity = mapTree((old, grad) => old.mul(decay).add(grad), last, grads);
      const updates = nesterov ? mapTree((grad, v) => grad.add(v.mul(decay)), grads, velocity) : velocity;
      return [updates, { velocity: velocity as never }];
    },
  };
}
