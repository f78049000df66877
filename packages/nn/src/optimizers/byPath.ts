import type { Tensor } from '@flowfield/tensor-webgpu';
import { checkedOptions } from '@flowfield/tensor-webgpu/errors';
import * as tree from '@flowfield/tensor-webgpu/tree';
import {
  checkedUpdate,
  checkTransform,
  chosenPaths,
  type GradientTransform,
  isBoolean,
  type OptimizerState,
} from './transform.ts';

/** The tree with `null`, which is no leaf, in place of the leaves that are not chosen: paths stay what they are. */
function picked<P>(params: P, chosen: readonly boolean[]): P {
  const leaves = tree.leaves<Tensor>(params).map((leaf, i) => (chosen[i] ? leaf : null));
  return tree.unflatten(tree.structure(params), leaves) as P;
}

/**
 * Another optimizer for each group of parameters: `groupOf(path)` names the group, `optimizers` has one for each. What is in
 * the group `frozen`, when there is no optimizer of this name, is not changed. State: by group. The memory of an optimizer is only
 * for its own group.
 * @throws ArgumentError for a group without an optimizer.
 */
export function partition(
  optimizers: Readonly<Record<string, GradientTransform>>,
  groupOf: (path: string) => string,
): GradientTransform {
  const names = Object.keys(checkedOptions('partition', optimizers, Object.keys(optimizers ?? {})));
  for (const name of names) checkTransform(`partition: ${name}`, optimizers[name]);
  const known = new Set([...names, 'frozen']);
  const groupsOf = (params: unknown): string[] => {
    const expected = `one of ${[...known].join(', ')} from groupOf`;
    const chosen = chosenPaths('partition', params, groupOf, expected, (name) => known.has(name as string));
    return chosen.map(({ choice }) => choice);
  };
  return {
    init: (params) => {
      const groups = groupsOf(params);
      const own = (name: string) =>
        picked(
          params,
          groups.map((group) => group === name),
        );
      return Object.fromEntries(names.map((name) => [name, optimizers[name].init(own(name))]));
    },
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const groups = groupsOf(params);
      const states = state as Readonly<Record<string, OptimizerState>>;
      const next: Record<string, OptimizerState> = {};
      const updates = tree.leaves<Tensor>(grads).map((leaf) => leaf.mul(0));
      for (const name of names) {
        const isOwn = groups.map((group) => group === name);
        const result = optimizers[name].update(picked(grads, isOwn), states?.[name], picked(params, isOwn));
        const [changed, memory] = checkedUpdate('partition', result);
        placed(updates, changed, isOwn);
        next[name] = memory;
      }
      return [tree.unflatten(tree.structure(params), updates) as P, next];
    },
  };
}

/** Puts the leaves of `changed` to the chosen places of `leaves`. */
function placed(leaves: Tensor[], changed: unknown, chosen: readonly boolean[]): void {
  const changes = tree.leaves<Tensor>(changed);
  let next = 0;
  chosen.forEach((isIn, i) => {
    if (isIn) leaves[i] = changes[next++];
  });
}

/**
 * `transform` for the parameters whose path `isIn` accepts; the gradients of the others pass as they are, to the next
 * transform of a chain. `partition` with the group `frozen` keeps parameters as they are instead. State: that of the transform.
 * @throws ArgumentError when `isIn` does not return true or false.
 */
export function masked(transform: GradientTransform, isIn: (path: string) => boolean): GradientTransform {
  checkTransform('masked', transform);
  const chosenOf = (params: unknown): boolean[] =>
    chosenPaths('masked', params, isIn, 'true or false', isBoolean).map(({ choice }) => choice);
  return {
    init: (params) => transform.init(picked(params, chosenOf(params))),
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const chosen = chosenOf(params);
      const [changed, next] = checkedUpdate(
        'masked',
        transform.update(picked(grads, chosen), state, picked(params, chosen)),
      );
      const updates = [...tree.leaves<Tensor>(grads)];
      placed(updates, changed, chosen);
      return [tree.unflatten(tree.structure(params), updates) as P, next];
    },
  };
}
