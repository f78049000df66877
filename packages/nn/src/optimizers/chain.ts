import { ArgumentError } from '@flowfield/tensor-webgpu/errors';
import { checkedUpdate, checkTransform, type GradientTransform, type OptimizerState } from './transform.ts';

/**
 * One transform after another: the updates of each are the gradients of the next. Its state is the list of theirs.
 * @throws ArgumentError for something that is no transform; `update` for a state of another chain.
 */
export function chain(...transforms: readonly GradientTransform[]): GradientTransform {
  for (const transform of transforms) checkTransform('chain', transform);
  return {
    init: (params) => transforms.map((transform) => transform.init(params)),
    update: (grads, state, params) => {
      if (!Array.isArray(state) || state.length !== transforms.length) {
        throw new ArgumentError(
          `chain: expected the state of ${transforms.length} transforms, got ${Array.isArray(state) ? `one of ${state.length}` : 'none'}. Make it with init(params) of this optimizer.`,
        );
      }
      const states = state as readonly OptimizerState[];
      let updates = grads;
      const next = transforms.map((transform, i) => {
        const [changed, nextState] = checkedUpdate('chain', transform.update(updates, states[i], params));
        updates = changed;
        return nextState;
      });
      return [updates, next];
    },
  };
}
