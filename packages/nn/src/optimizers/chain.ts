import type { GradientTransform, OptimizerState } from './transform.ts';

/** One transform after another: the updates of each are the gradients of the next. Its state is the list of theirs. */
export function chain(...transforms: readonly GradientTransform[]): GradientTransform {
  return {
    init: (params) => transforms.map((transform) => transform.init(params)),
    update: (grads, state, params) => {
      const states = state as readonly OptimizerState[];
      let updates = grads;
      const next = transforms.map((transform, i) => {
        const [changed, nextState] = transform.update(updates, states[i], params);
        updates = changed;
        return nextState;
      });
      return [updates, next];
    },
  };
}
